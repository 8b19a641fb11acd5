package headroom.peers.streams;

import headroom.peers.Settings;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * right_sizing on Kafka Streams, exactly once, tuned. Runs until it is asked to end.
 *
 *   StreamsJob CONFIG STATE_FOLDER memory|rocksdb SLOT
 */
public final class StreamsJob {
  private StreamsJob() {}

  public static void main(String[] arguments) throws Exception {
    Settings settings = Settings.load(Path.of(arguments[0]));
    boolean memory = arguments[2].equals("memory");
    KafkaStreams streams = new KafkaStreams(topology(settings, memory), properties(settings, arguments[1], arguments[3]));
    streams.setGlobalStateRestoreListener(new RestoreLog());
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      streams.close();
      ended.countDown();
    }));
    streams.start();
    ended.await();
  }

  private static Topology topology(Settings settings, boolean memory) {
    HeapStore.Supplier heap = memory ? new HeapStore.Supplier(SizingProcessor.STORE) : null;
    KeyValueBytesStoreSupplier supplier = memory ? heap : Stores.persistentKeyValueStore(SizingProcessor.STORE);
    // The broker compacts closed segments only: of the default size, a restore would read old heads by the gigabyte.
    StoreBuilder<KeyValueStore<Bytes, byte[]>> store =
        Stores.keyValueStoreBuilder(supplier, Serdes.Bytes(), Serdes.ByteArray())
            .withCachingEnabled()  // a head that changes several times between two commits is written once
            .withLoggingEnabled(Map.of(TopicConfig.SEGMENT_BYTES_CONFIG, "33554432", TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG, "0.2"));
    Topology topology = new Topology();
    topology.addSource("samples", Serdes.ByteArray().deserializer(), Serdes.ByteArray().deserializer(), settings.topic);
    topology.addProcessor("right_sizing", () -> new SizingProcessor(settings, heap), "samples");
    topology.addStateStore(store, "right_sizing");
    topology.addSink("commands", settings.actionTopic, Serdes.ByteArray().serializer(), Serdes.ByteArray().serializer(), "right_sizing");
    return topology;
  }

  private static Properties properties(Settings settings, String stateFolder, String slot) {
    Properties set = new Properties();
    set.put(StreamsConfig.APPLICATION_ID_CONFIG, settings.installation);
    set.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, settings.brokers);
    set.put(StreamsConfig.STATE_DIR_CONFIG, stateFolder);
    set.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    set.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    set.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);  // it has one processor
    set.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64L << 20);
    set.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 20_000);
    set.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, -1L);  // lanes do not wait for one another
    set.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.OPTIMIZE);
    // Static membership, with the shortest session that the brokers' defaults allow.
    set.put(StreamsConfig.consumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG), slot);
    set.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 6000);
    set.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), 1500);
    set.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    set.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 10_000);
    set.put(StreamsConfig.consumerPrefix(ConsumerConfig.FETCH_MAX_BYTES_CONFIG), 32 << 20);
    set.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 8 << 20);
    set.put(StreamsConfig.consumerPrefix(ConsumerConfig.RECEIVE_BUFFER_CONFIG), 1 << 20);
    set.put(StreamsConfig.restoreConsumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 20_000);
    set.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 << 10);
    set.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 64L << 20);
    set.put(StreamsConfig.producerPrefix(ProducerConfig.SEND_BUFFER_CONFIG), 1 << 20);
    return set;
  }

  /** Says how long each partition's state took to come back. */
  private static final class RestoreLog implements StateRestoreListener {
    private long startedMs;

    @Override
    public void onRestoreStart(TopicPartition partition, String store, long from, long to) {
      startedMs = startedMs == 0 ? System.currentTimeMillis() : startedMs;
    }

    @Override
    public void onBatchRestored(TopicPartition partition, String store, long end, long count) {}

    @Override
    public void onRestoreEnd(TopicPartition partition, String store, long total) {
      System.out.printf("restored partition=%d records=%d restore_ms=%d%n", partition.partition(), total, System.currentTimeMillis() - startedMs);
    }
  }
}

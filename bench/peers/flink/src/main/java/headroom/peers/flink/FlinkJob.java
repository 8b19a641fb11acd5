package headroom.peers.flink;

import headroom.peers.Command;
import headroom.peers.Sample;
import headroom.peers.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamUtils;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;

/**
 * right_sizing on Flink in a mini cluster, exactly once by checkpoints of one second, tuned. Goes on from the newest checkpoint that it finds;
 * runs until it is killed.
 *
 *   FlinkJob CONFIG CHECKPOINT_FOLDER
 */
public final class FlinkJob {
  private FlinkJob() {}

  public static void main(String[] arguments) throws Exception {
    Settings settings = Settings.load(Path.of(arguments[0]));
    Path folder = Path.of(arguments[1]).toAbsolutePath();
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1, configuration(folder));
    environment.getConfig().enableObjectReuse();
    DataStream<Sample> samples = environment.fromSource(source(settings), WatermarkStrategy.noWatermarks(), "samples").uid("samples");
    // Kafka's partitions keep a container's records together already and there is one subtask: no exchange is needed, and everything is one
    // chain. A keyBy between source and operator costs a quarter of the throughput.
    DataStreamUtils.reinterpretAsKeyedStream(samples, sample -> sample.key.subject(), Types.STRING)
        .process(new SizingFunction(settings)).returns(Command.class).uid("right_sizing")
        .sinkTo(sink(settings)).uid("commands");
    environment.execute(settings.installation);
  }

  private static Configuration configuration(Path folder) throws IOException {
    Configuration set = new Configuration();
    set.setString("state.backend.type", "hashmap");
    set.setString("execution.checkpointing.mode", "EXACTLY_ONCE");
    set.setString("execution.checkpointing.interval", "1s");
    set.setString("execution.checkpointing.storage", "filesystem");
    set.setString("execution.checkpointing.dir", folder.toUri().toString());
    set.setString("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
    set.setString("taskmanager.memory.network.min", "16m");
    set.setString("taskmanager.memory.network.max", "16m");
    set.setString("taskmanager.memory.managed.size", "1m");  // the heap backend uses none
    Optional<Path> newest = newestCheckpoint(folder);
    newest.ifPresent(path -> set.setString("execution.state-recovery.path", path.toUri().toString()));
    System.out.println("going on from " + newest.map(Path::toString).orElse("nothing"));
    return set;
  }

  private static Optional<Path> newestCheckpoint(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) return Optional.empty();
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(path -> path.endsWith("_metadata")).map(Path::getParent)
          .max(Comparator.comparingLong(path -> path.toFile().lastModified()));
    }
  }

  private static KafkaSource<Sample> source(Settings settings) {
    return KafkaSource.<Sample>builder().setBootstrapServers(settings.brokers).setTopics(settings.topic).setGroupId(settings.installation)
        .setStartingOffsets(OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST)).setDeserializer(new SampleSchema())
        .setProperty("isolation.level", "read_committed").setProperty("max.poll.records", "10000")
        .setProperty("fetch.max.bytes", Integer.toString(32 << 20)).setProperty("max.partition.fetch.bytes", Integer.toString(8 << 20))
        .setProperty("receive.buffer.bytes", Integer.toString(1 << 20)).setProperty("commit.offsets.on.checkpoint", "true").build();
  }

  private static KafkaSink<Command> sink(Settings settings) {
    return KafkaSink.<Command>builder().setBootstrapServers(settings.brokers).setRecordSerializer(new CommandSchema(settings))
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE).setTransactionalIdPrefix(settings.installation)
        .setProperty("transaction.timeout.ms", "60000").setProperty("batch.size", Integer.toString(256 << 10)).build();
  }
}

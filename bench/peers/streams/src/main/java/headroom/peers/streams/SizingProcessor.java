package headroom.peers.streams;

import headroom.peers.Command;
import headroom.peers.CommandEncoder;
import headroom.peers.ContainerKey;
import headroom.peers.Sample;
import headroom.peers.SampleDecoder;
import headroom.peers.Settings;
import headroom.peers.Sizing;
import headroom.peers.Track;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/** Samples in, commands out; state as objects, every change of it also put into the store. */
final class SizingProcessor implements Processor<byte[], byte[], byte[], byte[]> {
  static final String STORE = "containers";

  private final HeapStore.Supplier heap;  // null: RocksDB
  private final SampleDecoder decoder = new SampleDecoder();
  private final StateBytes bytes = new StateBytes();
  private final Sample sample = new Sample();
  private final Sizing.Step step = new Sizing.Step();
  private final Sizing sizing;
  private final CommandEncoder encoder;
  private ProcessorContext<byte[], byte[]> context;
  private KeyValueStore<Bytes, byte[]> store;
  private Function<ContainerKey, LiveContainer> containers;

  SizingProcessor(Settings settings, HeapStore.Supplier heap) {
    this.heap = heap;
    sizing = new Sizing(settings);
    encoder = new CommandEncoder(settings);
  }

  @Override
  public void init(ProcessorContext<byte[], byte[]> processorContext) {
    context = processorContext;
    store = context.getStateStore(STORE);
    containers = heap != null ? heap.of(context.taskId())::containerOf : new StoreView(store)::containerOf;
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    if (!decoder.decode(record.value(), sample)) return;
    LiveContainer live = containers.apply(sample.key);
    Track track = live.container.track(sample.resource);
    RecordMetadata place = context.recordMetadata().orElseThrow();
    sample.partition = place.partition();
    sample.offset = place.offset();
    sizing.step(track, sample, step);
    store.put(live.headKey, bytes.head(live.container));
    if (step.closedGroup >= 0) {
      byte part = StateBytes.part(sample.resource, step.closedGroup);
      store.put(StateBytes.key(sample.key, part), bytes.group(track.used, step.closedGroup));
    }
    if (step.command != null) emit(step.command, record.timestamp());
  }

  private void emit(Command command, long timestamp) {
    Headers headers = new RecordHeaders();
    headers.add("type", text(CommandEncoder.TYPE)).add("subject", text(command.key.subject()));
    headers.add("lane", text(command.lane())).add("input_offset", text(Long.toString(command.offset)));
    context.forward(new Record<>(text(command.key.target), encoder.encode(command), timestamp, headers));
  }

  private static byte[] text(String value) {
    return value.getBytes(StandardCharsets.UTF_8);
  }
}

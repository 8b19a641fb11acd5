package headroom.peers.flink;

import headroom.peers.Command;
import headroom.peers.Container;
import headroom.peers.Sample;
import headroom.peers.Settings;
import headroom.peers.Sizing;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** Samples in, commands out; the state is an object on the heap that a checkpoint copies where it must. */
public final class SizingFunction extends KeyedProcessFunction<String, Sample, Command> {
  private static final long serialVersionUID = 1;
  private final Settings settings;
  private transient Sizing sizing;
  private transient Sizing.Step step;
  private transient ValueState<Container> state;

  public SizingFunction(Settings settings) {
    this.settings = settings;
  }

  @Override
  public void open(OpenContext context) {
    sizing = new Sizing(settings);
    step = new Sizing.Step();
    state = getRuntimeContext().getState(new ValueStateDescriptor<>("container", ContainerSerializer.INSTANCE));
  }

  @Override
  public void processElement(Sample sample, Context context, Collector<Command> out) throws Exception {
    Container container = state.value();
    if (container == null) {
      container = new Container();
      state.update(container);
    }
    sizing.step(container.track(sample.resource), sample, step);
    // No update(): value() has already made the copy that a running checkpoint needs, and the object is the state.
    if (step.command != null) out.collect(step.command);
  }
}

package headroom.peers;

/** A resize command before it is encoded. Quantities in micro-cores or bytes; ratios in micro-units. */
public final class Command {
  public final ContainerKey key;
  public final Resource resource;
  public final int partition;  // of the sample that led to it
  public final long offset;
  public final long timeMs;
  public boolean over;
  public long current;
  public long desired;
  public long lower;
  public long upper;
  public long uncapped;
  public long cooldownMs;
  public long maxStepMicro;
  public long lyingFactor;
  public long usedMean;
  public long usedMax;
  public long windowMs;
  public long samples;

  public Command(Sample sample, long timeMs) {
    key = sample.key;
    resource = sample.resource;
    partition = sample.partition;
    offset = sample.offset;
    this.timeMs = timeMs;
  }

  public String lane() {
    return "right_sizing/" + partition;
  }
}

package headroom.peers;

/** What is sized, with its rules: the defaults of right_sizing, compiled to integers (micro-cores, bytes, micro-units of a ratio). */
public enum Resource {
  CPU("cpu", "_cores", 1e6, false, -0.1, 0.6, 0.0, 10_000),
  MEMORY("memory", "_bytes", 1, true, -0.05, 0.35, 1.1, 1 << 20);

  private static final double MAX_SHRINK = 0.5;
  private static final double MAX_GROW = 3.0;
  private static final long MOST_UNITS = 4_000_000_000_000_000_000L;

  public final String text;
  public final String unitSuffix;
  public final boolean ratio;
  public final long lower;
  public final long upper;
  private final double scale;
  private final double usedShare;
  private final double usageFloor;
  private final long multiple;

  Resource(String text, String unitSuffix, double scale, boolean ratio, double lower, double upper, double usageFloor, long multiple) {
    this.text = text;
    this.unitSuffix = unitSuffix;
    this.scale = scale;
    this.ratio = ratio;
    double bandScale = ratio ? 1e6 : scale;
    this.lower = round(lower * bandScale);
    this.upper = round(upper * bandScale);
    this.usedShare = 1.0 - (lower + upper) / 2.0;
    this.usageFloor = usageFloor;
    this.multiple = multiple;
  }

  /** The nearest integer, halves to even, within what sums of two can hold. */
  public static long round(double value) {
    if (!(value > -(double) MOST_UNITS)) return -MOST_UNITS;
    return value >= (double) MOST_UNITS ? MOST_UNITS : (long) Math.rint(value);
  }

  public long toUnits(double value) {
    return round(scale == 1 ? value : value * scale);
  }

  /** Reserved - mean used; for a ratio divided by reserved. */
  public long lyingFactor(long reserved, long mean) {
    long slack = reserved - mean;
    return ratio ? round((double) slack / (double) reserved * 1e6) : slack;
  }

  /** The reservation that puts this mean into the band's middle. */
  public long recentred(long mean) {
    return ratio ? round((double) mean / usedShare) : round((double) mean + (double) (lower + upper) / 2.0);
  }

  /** A wish within floor, steps and floor again, up to the multiple. */
  public long limited(long wish, long current, long usedMax) {
    boolean floored = usageFloor > 0;
    long floor = floored ? round(usageFloor * (double) usedMax) : 0;
    long size = floored ? Math.max(wish, floor) : wish;
    size = Math.max(size, round((double) current * (1.0 - MAX_SHRINK)));
    size = Math.min(size, round((double) current * (1.0 + MAX_GROW)));
    if (floored) size = Math.max(size, floor);
    size = Math.max(size, 0);
    return (size + (multiple - 1)) / multiple * multiple;
  }

  public long lowestOf(long current, long usedMax) {
    return limited(0, current, usedMax);
  }

  public long highestOf(long current, long usedMax) {
    return limited(MOST_UNITS, current, usedMax);
  }

  public static long maxStepMicro(boolean shrinks) {
    return round((shrinks ? MAX_SHRINK : MAX_GROW) * 1e6);
  }
}

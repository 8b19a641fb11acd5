package headroom.peers;

/** One measurement and where it came from; filled anew for each record. */
public final class Sample {
  public ContainerKey key;
  public Resource resource;
  public boolean used;  // else reserved
  public long timeMs;
  public double value;
  public int partition;
  public long offset;
}

package headroom.peers;

import java.nio.ByteBuffer;

/** One resource of a container. Plain data; what it means is in Sizing. */
public final class Track {
  public static final long NEVER = Long.MIN_VALUE;
  public static final int MOST_HEAD_BYTES = BucketRing.HEAD_BYTES + 4 * 8 + 5 + 1 + 4 * 8 + 4;

  public final BucketRing used = new BucketRing();
  public long usedMs = NEVER;
  public long reservedMs = NEVER;
  public long reserved;
  public long newestBucket = NEVER;
  public int agreed;
  public int direction;  // -1 shrink, 0 none, 1 grow
  // The last command and how many the day of it saw. lastCurrent 0: none yet.
  public long lastMs;
  public long lastCurrent;
  public long lastDesired;
  public long day;
  public int spent;

  public void writeHead(ByteBuffer out) {
    out.put((byte) (lastCurrent != 0 ? 1 : 0));
    used.writeHead(out);
    out.putLong(usedMs).putLong(reservedMs).putLong(reserved).putLong(newestBucket).putInt(agreed).put((byte) direction);
    if (lastCurrent != 0) out.putLong(lastMs).putLong(lastCurrent).putLong(lastDesired).putLong(day).putInt(spent);
  }

  public void readHead(ByteBuffer in) {
    boolean commanded = in.get() != 0;
    used.readHead(in);
    usedMs = in.getLong();
    reservedMs = in.getLong();
    reserved = in.getLong();
    newestBucket = in.getLong();
    agreed = in.getInt();
    direction = in.get();
    if (!commanded) return;
    lastMs = in.getLong();
    lastCurrent = in.getLong();
    lastDesired = in.getLong();
    day = in.getLong();
    spent = in.getInt();
  }

  public void copyFrom(Track other) {
    used.copyFrom(other.used);
    usedMs = other.usedMs;
    reservedMs = other.reservedMs;
    reserved = other.reserved;
    newestBucket = other.newestBucket;
    agreed = other.agreed;
    direction = other.direction;
    lastMs = other.lastMs;
    lastCurrent = other.lastCurrent;
    lastDesired = other.lastDesired;
    day = other.day;
    spent = other.spent;
  }
}

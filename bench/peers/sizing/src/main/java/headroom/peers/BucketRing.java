package headroom.peers;

import java.nio.ByteBuffer;

/**
 * The last 60 buckets of one series whose times rise: of each the sum, the number and the largest of its values. The newest bucket stands
 * beside the closed ones, so that a record changes a few numbers and a closed bucket is written once.
 */
public final class BucketRing {
  public static final int BUCKETS = 60;
  /** Closed buckets are stored so many together: 10 keep the number of keys small and each rewrite short. */
  public static final int BUCKETS_A_GROUP = 10;
  public static final int GROUPS = BUCKETS / BUCKETS_A_GROUP;
  /** At most, of a group: number, sum and largest value of each bucket. */
  public static final int MOST_GROUP_BYTES = BUCKETS_A_GROUP * 18;
  public static final int HEAD_BYTES = 36;
  private static final long ALL = (1L << BUCKETS) - 1;

  private long present;  // bit k: the bucket newest - k holds a value
  private long newest;
  private double sum;
  private double max;
  private int count;
  private final double[] sums = new double[BUCKETS];
  private final double[] maxima = new double[BUCKETS];
  private final short[] counts = new short[BUCKETS];
  // What totals() found.
  public double totalSum;
  public double totalMax;
  public long totalCount;
  public long oldest;

  /** Adds a value; gives the group that now has to be stored because a bucket of it was closed, or -1. */
  public int add(long bucket, double value) {
    if (bucket == newest && present != 0) {
      sum += value;
      if (value > max) max = value;
      ++count;
      return -1;
    }
    int closed = -1;
    if (present != 0) {
      int slot = slot(newest);
      sums[slot] = sum;
      maxima[slot] = max;
      counts[slot] = (short) count;
      closed = slot / BUCKETS_A_GROUP;
      long moved = bucket - newest;
      present = moved >= BUCKETS ? 0 : (present << moved) & ALL;
    }
    present |= 1;
    newest = bucket;
    sum = value;
    max = value;
    count = 1;
    return closed;
  }

  public void clear() {
    present = 0;
  }

  /** What the buckets first..last hold together, sums added from the oldest on; false when that is nothing. */
  public boolean totals(long first, long last) {
    totalSum = 0;
    totalCount = 0;
    totalMax = Double.NEGATIVE_INFINITY;
    int from = (int) Math.min(newest - first, BUCKETS - 1);
    int to = (int) Math.max(newest - last, 0);
    for (int age = from; age >= to && age > 0; --age) {
      if ((present >>> age & 1) == 0) continue;
      int slot = slot(newest - age);
      take(newest - age, sums[slot], maxima[slot], counts[slot]);
    }
    if (to == 0 && from >= 0 && (present & 1) != 0) take(newest, sum, max, count);
    return totalCount > 0;
  }

  private void take(long bucket, double bucketSum, double bucketMax, int bucketCount) {
    if (totalCount == 0) oldest = bucket;
    totalSum += bucketSum;
    totalMax = Math.max(totalMax, bucketMax);
    totalCount += bucketCount;
  }

  private static int slot(long bucket) {
    return (int) Math.floorMod(bucket, (long) BUCKETS);
  }

  public void writeHead(ByteBuffer out) {
    out.putLong(present).putLong(newest).putDouble(sum).putDouble(max).putInt(count);
  }

  public void readHead(ByteBuffer in) {
    present = in.getLong();
    newest = in.getLong();
    sum = in.getDouble();
    max = in.getDouble();
    count = in.getInt();
  }

  /** The slots of one group as they are: which of them count, the head says. */
  public void writeGroup(int group, ByteBuffer out) {
    for (int slot = group * BUCKETS_A_GROUP; slot < (group + 1) * BUCKETS_A_GROUP; ++slot) {
      out.putShort(counts[slot]);
      if (counts[slot] != 0) out.putDouble(sums[slot]);
      if (counts[slot] > 1) out.putDouble(maxima[slot]);
    }
  }

  public void readGroup(int group, ByteBuffer in) {
    for (int slot = group * BUCKETS_A_GROUP; slot < (group + 1) * BUCKETS_A_GROUP; ++slot) {
      counts[slot] = in.getShort();
      if (counts[slot] != 0) sums[slot] = in.getDouble();
      maxima[slot] = counts[slot] > 1 ? in.getDouble() : sums[slot];
    }
  }

  public void copyFrom(BucketRing other) {
    present = other.present;
    newest = other.newest;
    sum = other.sum;
    max = other.max;
    count = other.count;
    System.arraycopy(other.sums, 0, sums, 0, BUCKETS);
    System.arraycopy(other.maxima, 0, maxima, 0, BUCKETS);
    System.arraycopy(other.counts, 0, counts, 0, BUCKETS);
  }
}

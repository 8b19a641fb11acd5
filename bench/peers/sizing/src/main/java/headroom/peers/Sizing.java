package headroom.peers;

/**
 * The rules of right_sizing for containers with one instance, no kills and the policy `recentre`: same doubles, same order of summation as
 * src/operators, so that the commands are the same. Pure but for the track it is given.
 */
public final class Sizing {
  private static final long DAY_MS = 86_400_000;

  private final Settings settings;
  private final long bucketMs;

  public Sizing(Settings settings) {
    this.settings = settings;
    bucketMs = settings.windowMs / BucketRing.BUCKETS;
  }

  /** What one sample led to. */
  public static final class Step {
    public Command command;  // none: null
    public int closedGroup;  // of buckets that has to be stored anew; none: -1
  }

  public void step(Track track, Sample sample, Step out) {
    out.command = null;
    out.closedGroup = -1;
    if (sample.used) {
      takeUsed(track, sample, out);
    } else if (sample.timeMs > track.reservedMs) {
      track.reservedMs = sample.timeMs;
      track.reserved = sample.resource.toUnits(sample.value);
    }
  }

  private void takeUsed(Track track, Sample sample, Step out) {
    if (sample.timeMs <= track.usedMs) return;
    long bucket = Math.floorDiv(sample.timeMs, bucketMs);
    if (track.newestBucket == Track.NEVER) {
      track.newestBucket = bucket;
    } else if (bucket <= track.newestBucket - BucketRing.BUCKETS) {
      return;
    } else if (bucket > track.newestBucket) {
      forget(track, (bucket - BucketRing.BUCKETS) * bucketMs);
      out.command = evaluate(track, sample, bucket);
      track.newestBucket = bucket;
    }
    track.usedMs = sample.timeMs;
    out.closedGroup = track.used.add(bucket, sample.value);
  }

  /** An instance not heard of in the whole window is no longer known. */
  private static void forget(Track track, long beforeMs) {
    if (Math.max(track.usedMs, track.reservedMs) >= beforeMs) return;
    track.usedMs = Track.NEVER;
    track.reservedMs = Track.NEVER;
    track.reserved = 0;
    track.used.clear();
  }

  private Command evaluate(Track track, Sample sample, long bucket) {
    Resource resource = sample.resource;
    BucketRing used = track.used;
    boolean takesPart = used.totals(bucket - BucketRing.BUCKETS, bucket - 1) && track.reserved > 0
        && (bucket - used.oldest) * bucketMs >= settings.minHistoryMs;
    long mean = takesPart ? resource.toUnits(used.totalSum / (double) used.totalCount) : 0;
    long lying = takesPart ? resource.lyingFactor(track.reserved, mean) : 0;
    int direction = !takesPart ? 0 : lying < resource.lower ? 1 : lying > resource.upper ? -1 : 0;
    if (direction != track.direction) track.agreed = 0;
    track.direction = direction;
    if (direction == 0) return null;
    if (track.agreed < settings.patience) ++track.agreed;
    if (track.agreed < settings.patience) return null;
    long usedMax = resource.toUnits(used.totalMax);
    long wish = resource.recentred(mean);
    long desired = resource.limited(wish, track.reserved, usedMax);
    long now = bucket * bucketMs;
    if (heldBack(track, now, desired)) return null;
    Command command = new Command(sample, now);
    command.over = direction < 0;
    command.current = track.reserved;
    command.desired = desired;
    command.uncapped = wish;
    command.lower = resource.lowestOf(track.reserved, usedMax);
    command.upper = resource.highestOf(track.reserved, usedMax);
    command.maxStepMicro = Resource.maxStepMicro(desired < track.reserved);
    command.cooldownMs = settings.cooldownMs;
    command.lyingFactor = lying;
    command.usedMean = mean;
    command.usedMax = usedMax;
    command.windowMs = settings.windowMs;
    command.samples = used.totalCount;
    spend(track, now, desired);
    return command;
  }

  private boolean heldBack(Track track, long now, long desired) {
    long current = track.reserved;
    if (Math.abs(desired - current) < Resource.round(settings.minChange * (double) current)) return true;
    if (track.lastCurrent != 0) {
      long sinceMs = now - track.lastMs;
      if (sinceMs < settings.cooldownMs) return true;
      if (current == track.lastCurrent && desired == track.lastDesired && sinceMs < settings.repeatAfterMs) return true;
    }
    return (track.day == Math.floorDiv(now, DAY_MS) ? track.spent : 0) >= settings.budget;
  }

  private static void spend(Track track, long now, long desired) {
    long today = Math.floorDiv(now, DAY_MS);
    track.lastMs = now;
    track.lastCurrent = track.reserved;
    track.lastDesired = desired;
    track.spent = track.day == today ? track.spent + 1 : 1;
    track.day = today;
    track.agreed = 0;
    track.direction = 0;
  }
}

package headroom.peers;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * A command as the same CloudEvent that src/codec/resize_encoder.cc writes, but for what a lane of Headroom adds: its sequence, and an id and a
 * source of its own kind.
 */
public final class CommandEncoder {
  public static final String TYPE = "io.headroom.action.resize.v1";
  private static final long EXPIRY_MS = 5 * 60_000;
  private static final String[] UNITS = {"d", "h", "m", "s", "ms"};
  private static final long[] UNIT_MS = {86_400_000, 3_600_000, 60_000, 1000, 1};

  private final String source;
  private final StringBuilder out = new StringBuilder(1024);

  public CommandEncoder(Settings settings) {
    source = "headroom/" + settings.installation;
  }

  public byte[] encode(Command command) {
    out.setLength(0);
    String subject = command.key.subject();
    out.append("{\"specversion\":\"1.0\",\"id\":\"");
    out.append(subject).append('/').append(command.resource.text).append('/').append(command.timeMs).append('"');
    text("source", source);
    text("type", TYPE);
    text("subject", subject);
    text("time", Instant.ofEpochMilli(command.timeMs).toString());
    text("expirytime", Instant.ofEpochMilli(command.timeMs + EXPIRY_MS).toString());
    text("partitionkey", command.key.target);
    text("lane", command.lane());
    text("datacontenttype", "application/json");
    data(command);
    return out.append('}').toString().getBytes(StandardCharsets.UTF_8);
  }

  private void data(Command command) {
    Resource resource = command.resource;
    String name = resource.text + resource.unitSuffix;
    out.append(",\"data\":{\"action\":\"resize\"");
    text("resource", resource.text);
    text("mode", "apply");
    target(command.key);
    out.append(",\"current\":{\"").append(name).append("\":");
    quantity(resource, command.current);
    out.append("},\"desired\":{\"").append(name).append("\":");
    quantity(resource, command.desired);
    out.append("},\"bounds\":{\"lower\":");
    quantity(resource, command.lower);
    out.append(",\"upper\":");
    quantity(resource, command.upper);
    out.append(",\"uncapped\":");
    quantity(resource, command.uncapped);
    out.append("},\"reason\":{\"code\":\"").append(command.over ? "over_reserved" : "under_reserved").append('"');
    text("message", message(command));
    evidence(command);
    out.append("},\"guard\":{\"cooldown\":\"").append(duration(command.cooldownMs)).append("\",\"max_step_ratio\":");
    micro(command.maxStepMicro);
    out.append("}}");
  }

  private void target(ContainerKey key) {
    String[] parts = key.target.split("/", 4);
    out.append(",\"target\":{");
    if (parts.length == 4) {
      out.append("\"cluster\":\"").append(parts[0]).append('"');
      text("namespace", parts[1]);
      text("kind", parts[2]);
      text("name", parts[3]);
    } else {
      out.append("\"name\":\"").append(key.target).append('"');
    }
    if (!key.container.isEmpty()) text("container", key.container);
    out.append('}');
  }

  private void evidence(Command command) {
    Resource resource = command.resource;
    out.append(",\"evidence\":{\"lying_factor").append(resource.ratio ? "_ratio" : resource.unitSuffix).append("\":");
    micro(command.lyingFactor);  // both bands of the data are in millionths
    out.append(",\"band\":[");
    micro(resource.lower);
    out.append(',');
    micro(resource.upper);
    out.append("],\"used_mean").append(resource.unitSuffix).append("\":");
    quantity(resource, command.usedMean);
    out.append(",\"used_max").append(resource.unitSuffix).append("\":");
    quantity(resource, command.usedMax);
    text("window", duration(command.windowMs));
    out.append(",\"instances\":1,\"samples\":").append(command.samples).append(",\"offset\":").append(command.offset).append('}');
  }

  private static String message(Command command) {
    Resource resource = command.resource;
    boolean low = command.lyingFactor < 0;
    long magnitude = Math.abs(command.lyingFactor);
    long edge = command.over ? resource.upper : resource.lower;
    String text = resource.ratio
        ? (low ? "uses " : "leaves ") + twoDecimals(magnitude, 10_000) + "%" + (low ? " more than it reserves" : " of what it reserves unused")
        : "reserves " + twoDecimals(magnitude, 1_000_000) + " cores" + (low ? " less than it uses" : " more than it uses");
    return text + " (" + spaced(duration(command.windowMs)) + " mean); the band " + (command.over ? "ends at " : "begins at ")
        + (resource.ratio ? twoDecimals(edge, 10_000) + "%" : twoDecimals(edge, 1_000_000));
  }

  /** Halves away from zero. */
  private static String twoDecimals(long value, long unit) {
    BigInteger doubled = BigInteger.valueOf(Math.abs(value)).multiply(BigInteger.valueOf(200)).add(BigInteger.valueOf(unit));
    long hundredths = doubled.divide(BigInteger.valueOf(2 * unit)).longValueExact();
    return (value < 0 && hundredths != 0 ? "-" : "") + hundredths / 100 + "." + hundredths % 100 / 10 + hundredths % 10;
  }

  private static String duration(long ms) {
    if (ms == 0) return "0s";
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < UNITS.length; ++i) {
      if (ms / UNIT_MS[i] != 0) text.append(ms / UNIT_MS[i]).append(UNITS[i]);
      ms %= UNIT_MS[i];
    }
    return text.toString();
  }

  private static String spaced(String duration) {
    return duration.replaceAll("(?<=\\d)(?=[a-z])|(?<=[a-z])(?=\\d)", " ");
  }

  private void text(String name, String value) {
    out.append(",\"").append(name).append("\":\"").append(value).append('"');
  }

  private void quantity(Resource resource, long value) {
    if (resource == Resource.CPU) {
      micro(value);
    } else {
      out.append(value);
    }
  }

  /** Millionths as a decimal of one to six places. */
  private void micro(long value) {
    if (value < 0) out.append('-');
    long magnitude = Math.abs(value);
    out.append(magnitude / 1_000_000).append('.');
    int rest = (int) (magnitude % 1_000_000);
    int place = 100_000;
    do {
      out.append((char) ('0' + rest / place));
      rest %= place;
      place /= 10;
    } while (rest != 0);
  }
}

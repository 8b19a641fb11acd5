package headroom.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the job is told: the same file that `headroom run` takes, as far as these jobs know its settings; an unknown rule is an error, so that
 * no job decides by other rules than the rest. Durations in milliseconds.
 */
public final class Settings implements Serializable {
  private static final long serialVersionUID = 1;
  private static final Pattern PART = Pattern.compile("(\\d+)(d|h|ms|m|s)");
  private static final Set<String> KNOWN =
      Set.of("topic", "action_topic", "window", "min_history", "patience", "min_change", "cooldown", "repeat_after", "budget");

  public final String installation;
  public final String brokers;
  public final String topic;
  public final String actionTopic;
  public final long windowMs;
  public final long minHistoryMs;
  public final int patience;
  public final double minChange;
  public final long cooldownMs;
  public final long repeatAfterMs;
  public final int budget;

  private Settings(JsonNode root) {
    JsonNode sizing = root.path("topologies").path("right_sizing");
    sizing.fieldNames().forEachRemaining(name -> {
      if (!KNOWN.contains(name)) throw new IllegalArgumentException("right_sizing." + name + " is not a setting of this job");
    });
    installation = root.get("installation").asText();
    brokers = root.get("kafka").get("brokers").asText();
    topic = sizing.get("topic").asText();
    actionTopic = sizing.get("action_topic").asText();
    windowMs = durationMs(sizing.path("window").asText("1h"));
    minHistoryMs = sizing.has("min_history") ? durationMs(sizing.get("min_history").asText()) : windowMs / 2;
    patience = sizing.path("patience").asInt(3);
    minChange = sizing.path("min_change").asDouble(0.1);
    cooldownMs = durationMs(sizing.path("cooldown").asText("10m"));
    repeatAfterMs = durationMs(sizing.path("repeat_after").asText("6h"));
    budget = sizing.path("budget").asInt(12);
  }

  public static Settings load(Path path) throws IOException {
    return new Settings(new ObjectMapper().readTree(path.toFile()));
  }

  private static long durationMs(String text) {
    Matcher part = PART.matcher(text);
    long ms = 0;
    while (part.find()) {
      long count = Long.parseLong(part.group(1));
      ms += count * switch (part.group(2)) {
        case "d" -> 86_400_000L;
        case "h" -> 3_600_000L;
        case "m" -> 60_000L;
        case "s" -> 1000L;
        default -> 1L;
      };
    }
    return ms;
  }
}

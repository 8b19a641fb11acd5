package headroom.peers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;

/**
 * Reads one sample a record with Jackson's streaming parser and no tree. In these jobs' favour: what is not JSON ends the job instead of going
 * to a rejected topic, nothing is held against limits, and labels but the container's are passed over.
 */
public final class SampleDecoder {
  private static final JsonFactory JSON = JsonFactory.builder().enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER).build();

  /** False for a metric that right_sizing does not know. */
  public boolean decode(byte[] json, Sample out) {
    try (JsonParser parser = JSON.createParser(json)) {
      return decode(parser, out);
    } catch (IOException error) {
      throw new IllegalArgumentException("not a sample", error);
    }
  }

  private static boolean decode(JsonParser parser, Sample out) throws IOException {
    String target = null;
    String container = "";
    boolean known = false;
    if (parser.nextToken() != JsonToken.START_OBJECT) throw new IllegalArgumentException("not an object");
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      parser.nextToken();
      switch (name) {
        case "target" -> target = parser.getText();
        case "metric" -> known = metric(parser.getText(), out);
        case "time_ms" -> out.timeMs = parser.getLongValue();
        case "value" -> out.value = parser.getDoubleValue() + 0.0;
        case "labels" -> container = container(parser);
        default -> parser.skipChildren();
      }
    }
    out.key = new ContainerKey(target, container);
    return known;
  }

  private static String container(JsonParser parser) throws IOException {
    String container = "";
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      parser.nextToken();
      if (name.equals("container")) container = parser.getText();
    }
    return container;
  }

  private static boolean metric(String name, Sample out) {
    switch (name) {
      case "cpu_reserved_cores", "cpu_used_cores" -> out.resource = Resource.CPU;
      case "memory_reserved_bytes", "memory_used_bytes" -> out.resource = Resource.MEMORY;
      default -> {
        return false;
      }
    }
    out.used = name.endsWith("_used_cores") || name.endsWith("_used_bytes");
    return true;
  }
}

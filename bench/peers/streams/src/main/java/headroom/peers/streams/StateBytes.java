package headroom.peers.streams;

import headroom.peers.BucketRing;
import headroom.peers.Container;
import headroom.peers.ContainerKey;
import headroom.peers.Resource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.kafka.common.utils.Bytes;

/**
 * How a container's state is cut into records of a store: a head of about 140 bytes, rewritten by every record, and six groups of ten closed
 * buckets for each resource, rewritten once a bucket. One record for all would make the changelog ten times as large.
 *
 * A key is target, line feed, container and a byte that says which part: 0 the head, else 1 + resource * groups + group.
 */
final class StateBytes {
  static final byte HEAD = 0;
  private final ByteBuffer buffer = ByteBuffer.allocate(Math.max(Container.MOST_HEAD_BYTES, BucketRing.MOST_GROUP_BYTES));

  static byte part(Resource resource, int group) {
    return (byte) (1 + resource.ordinal() * BucketRing.GROUPS + group);
  }

  static Bytes key(ContainerKey key, byte part) {
    byte[] name = (key.target + '\n' + key.container + ' ').getBytes(StandardCharsets.UTF_8);
    name[name.length - 1] = part;
    return Bytes.wrap(name);
  }

  static ContainerKey keyOf(byte[] bytes) {
    String name = new String(bytes, 0, bytes.length - 1, StandardCharsets.UTF_8);
    int end = name.indexOf('\n');
    return new ContainerKey(name.substring(0, end), name.substring(end + 1).intern());
  }

  byte[] head(Container container) {
    container.writeHead(buffer.clear());
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  byte[] group(BucketRing ring, int group) {
    ring.writeGroup(group, buffer.clear());
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  static void read(Container container, byte part, byte[] value) {
    ByteBuffer in = ByteBuffer.wrap(value);
    if (part == HEAD) {
      container.readHead(in);
    } else {
      Resource resource = Resource.values()[(part - 1) / BucketRing.GROUPS];
      container.track(resource).used.readGroup((part - 1) % BucketRing.GROUPS, in);
    }
  }
}

package headroom.peers;

import java.nio.ByteBuffer;

/** The state of one container: a head that every record changes and, apart from it, groups of closed buckets. */
public final class Container {
  public static final int MOST_HEAD_BYTES = 2 * Track.MOST_HEAD_BYTES;

  private final Track cpu = new Track();
  private final Track memory = new Track();

  public Track track(Resource resource) {
    return resource == Resource.CPU ? cpu : memory;
  }

  public void writeHead(ByteBuffer out) {
    cpu.writeHead(out);
    memory.writeHead(out);
  }

  public void readHead(ByteBuffer in) {
    cpu.readHead(in);
    memory.readHead(in);
  }

  public void copyFrom(Container other) {
    cpu.copyFrom(other.cpu);
    memory.copyFrom(other.memory);
  }
}

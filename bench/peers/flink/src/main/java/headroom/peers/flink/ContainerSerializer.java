package headroom.peers.flink;

import headroom.peers.BucketRing;
import headroom.peers.Container;
import headroom.peers.Resource;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** A container's state in a checkpoint: its head and closed buckets, without the reflection of Flink's own serializers. */
public final class ContainerSerializer extends TypeSerializerSingleton<Container> {
  public static final ContainerSerializer INSTANCE = new ContainerSerializer();
  private static final long serialVersionUID = 1;
  private static final int MOST_BYTES = Container.MOST_HEAD_BYTES + 2 * BucketRing.GROUPS * BucketRing.MOST_GROUP_BYTES;
  // Checkpoints are written by other threads than the task's.
  private static final ThreadLocal<ByteBuffer> BUFFER = ThreadLocal.withInitial(() -> ByteBuffer.allocate(MOST_BYTES));

  @Override
  public void serialize(Container container, DataOutputView target) throws IOException {
    ByteBuffer buffer = BUFFER.get().clear();
    container.writeHead(buffer);
    for (Resource resource : Resource.values()) {
      for (int group = 0; group < BucketRing.GROUPS; ++group) container.track(resource).used.writeGroup(group, buffer);
    }
    target.writeShort(buffer.position());
    target.write(buffer.array(), 0, buffer.position());
  }

  @Override
  public Container deserialize(DataInputView source) throws IOException {
    return deserialize(new Container(), source);
  }

  @Override
  public Container deserialize(Container reuse, DataInputView source) throws IOException {
    ByteBuffer buffer = BUFFER.get().clear();
    int size = source.readUnsignedShort();
    source.readFully(buffer.array(), 0, size);
    buffer.limit(size);
    reuse.readHead(buffer);
    for (Resource resource : Resource.values()) {
      for (int group = 0; group < BucketRing.GROUPS; ++group) reuse.track(resource).used.readGroup(group, buffer);
    }
    return reuse;
  }

  @Override
  public Container createInstance() {
    return new Container();
  }

  @Override
  public Container copy(Container from) {
    Container made = new Container();
    made.copyFrom(from);
    return made;
  }

  @Override
  public Container copy(Container from, Container reuse) {
    return copy(from);
  }

  @Override
  public void copy(DataInputView source, DataOutputView target) throws IOException {
    serialize(deserialize(source), target);
  }

  @Override
  public boolean isImmutableType() {
    return false;
  }

  @Override
  public int getLength() {
    return -1;
  }

  @Override
  public TypeSerializerSnapshot<Container> snapshotConfiguration() {
    return new Snapshot();
  }

  public static final class Snapshot extends SimpleTypeSerializerSnapshot<Container> {
    public Snapshot() {
      super(() -> INSTANCE);
    }
  }
}

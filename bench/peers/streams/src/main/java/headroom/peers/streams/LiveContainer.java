package headroom.peers.streams;

import headroom.peers.Container;
import org.apache.kafka.common.utils.Bytes;

/** A container's state as the processor works on it, with the key of its head: made once, not for each record. */
final class LiveContainer {
  final Container container = new Container();
  final Bytes headKey;

  LiveContainer(Bytes headKey) {
    this.headKey = headKey;
  }
}

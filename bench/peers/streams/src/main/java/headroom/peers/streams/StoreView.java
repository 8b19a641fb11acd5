package headroom.peers.streams;

import headroom.peers.BucketRing;
import headroom.peers.ContainerKey;
import headroom.peers.Resource;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;

/** Containers of a RocksDB store that were used last, as objects: a record reads from the store only what is not among them. */
final class StoreView {
  private static final int MOST_CONTAINERS = 200_000;

  private final KeyValueStore<Bytes, byte[]> store;
  private final Map<ContainerKey, LiveContainer> live = new LinkedHashMap<>(1024, 0.75f, true) {
    @Override
    protected boolean removeEldestEntry(Map.Entry<ContainerKey, LiveContainer> eldest) {
      return size() > MOST_CONTAINERS;
    }
  };

  StoreView(KeyValueStore<Bytes, byte[]> store) {
    this.store = store;
  }

  LiveContainer containerOf(ContainerKey key) {
    LiveContainer found = live.get(key);
    if (found == null) {
      found = load(key);
      live.put(key, found);
    }
    return found;
  }

  private LiveContainer load(ContainerKey key) {
    LiveContainer loaded = new LiveContainer(StateBytes.key(key, StateBytes.HEAD));
    byte[] head = store.get(loaded.headKey);
    if (head == null) return loaded;
    StateBytes.read(loaded.container, StateBytes.HEAD, head);
    for (Resource resource : Resource.values()) {
      for (int group = 0; group < BucketRing.GROUPS; ++group) {
        byte part = StateBytes.part(resource, group);
        byte[] value = store.get(StateBytes.key(key, part));
        if (value != null) StateBytes.read(loaded.container, part, value);
      }
    }
    return loaded;
  }
}

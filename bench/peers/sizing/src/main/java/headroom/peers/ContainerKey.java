package headroom.peers;

/** Names one state: as in right_sizing, the target and the container. */
public final class ContainerKey {
  public final String target;
  public final String container;

  public ContainerKey(String target, String container) {
    this.target = target;
    this.container = container;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ContainerKey key && key.target.equals(target) && key.container.equals(container);
  }

  @Override
  public int hashCode() {
    return target.hashCode() * 31 + container.hashCode();
  }

  public String subject() {
    return container.isEmpty() ? target : target + "/" + container;
  }
}

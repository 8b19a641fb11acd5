"""The Kubernetes manifests hang together: kinds and versions, selectors and labels, references, probes, limits and privileges.

No cluster is asked: this is what can be known from the files alone. Needs PyYAML; without it the check is skipped.
"""
import json
import re

VERSIONS = {"StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "PodDisruptionBudget": "policy/v1", "ConfigMap": "v1", "Service": "v1",
            "ServiceAccount": "v1", "ServiceMonitor": "monitoring.coreos.com/v1"}
UNTRIED = "Not tried here"


def documents(tree):
    import yaml
    for path, text in tree.items():
        if path.startswith("ops/kubernetes/"):
            try:
                for document in yaml.safe_load_all(text):
                    yield path, document
            except yaml.YAMLError as error:
                yield path, f"not YAML: {error}"


def covers(selector, labels):
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def check_manifests(tree):
    """Every manifest is complete, and whatever one refers to is there."""
    wrong, objects = [], []
    for path, document in documents(tree):
        if not isinstance(document, dict) or not {"apiVersion", "kind", "metadata"} <= document.keys():
            wrong.append(f"{path}: no object with apiVersion, kind and metadata: {str(document)[:80]}")
        elif VERSIONS.get(document["kind"]) != document["apiVersion"]:
            wrong.append(f"{path}: {document['kind']} of {document['apiVersion']}, known is {VERSIONS.get(document['kind'])}")
        else:
            objects.append((path, document))
    pods = [(path, d, d["spec"]["template"]) for path, d in objects if d["kind"] in ("StatefulSet", "DaemonSet")]
    if not pods:
        wrong.append("ops/kubernetes: no StatefulSet or DaemonSet")
    maps = {d["metadata"]["name"]: d for _, d in objects if d["kind"] == "ConfigMap"}
    for path, workload, pod in pods:
        wrong += [f"{path}: {sentence}" for sentence in check_pod(workload, pod, maps)]
    for path, document in objects:
        wrong += [f"{path}: {sentence}" for sentence in check_selector(document, objects, pods)]
        if document["kind"] == "ConfigMap":
            wrong += [f"{path}: {sentence}" for sentence in check_config(document)]
    return wrong


def check_selector(document, objects, pods):
    kind, spec = document["kind"], document.get("spec") or {}
    labels = [pod["metadata"]["labels"] for _, _, pod in pods]
    if kind == "Service" and not any(covers(spec.get("selector"), one) for one in labels):
        yield "the Service selects no pod"
    if kind == "PodDisruptionBudget":
        if not any(covers(spec["selector"]["matchLabels"], one) for one in labels):
            yield "the PodDisruptionBudget selects no pod"
        if ("minAvailable" in spec) == ("maxUnavailable" in spec):
            yield "needs one of minAvailable and maxUnavailable"
    if kind == "ServiceMonitor":
        services = [d for _, d in objects if d["kind"] == "Service" and covers(spec["selector"]["matchLabels"], d["metadata"].get("labels", {}))]
        ports = {port["name"] for service in services for port in service["spec"]["ports"]}
        if not services or not {endpoint["port"] for endpoint in spec["endpoints"]} <= ports:
            yield "the ServiceMonitor finds no Service with its port"


def check_pod(workload, pod, maps):
    spec, labels = pod["spec"], pod["metadata"]["labels"]
    if not covers(workload["spec"]["selector"]["matchLabels"], labels):
        yield "its selector does not match its own pods"
    if spec.get("terminationGracePeriodSeconds", 0) < 30:
        yield "terminationGracePeriodSeconds is under 30; a worker takes up to 25 s to leave"
    if not spec.get("securityContext", {}).get("runAsNonRoot"):
        yield "may run as root"
    for volume in spec.get("volumes", []):
        name = volume.get("configMap", {}).get("name")
        if name and name not in maps:
            yield f"mounts the ConfigMap {name}, which is not there"
    volumes = {volume["name"] for volume in spec.get("volumes", [])}
    for container in spec["containers"] + spec.get("initContainers", []):
        yield from check_container(container, volumes)
    for container in spec["containers"]:
        yield from check_probes(container)


def check_container(container, volumes):
    context, resources = container.get("securityContext", {}), container.get("resources", {})
    if context.get("allowPrivilegeEscalation") is not False or not context.get("readOnlyRootFilesystem") \
            or context.get("capabilities", {}).get("drop") != ["ALL"]:
        yield f"{container['name']}: privileges are not dropped"
    if "memory" not in resources.get("limits", {}) or not {"cpu", "memory"} <= resources.get("requests", {}).keys():
        yield f"{container['name']}: needs requests of cpu and memory and a limit of memory"
    for mount in container.get("volumeMounts", []):
        if mount["name"] not in volumes:
            yield f"{container['name']}: mounts {mount['name']}, which is no volume"
    known = {entry["name"] for entry in container.get("env", [])}
    for name in re.findall(r"\$\((\w+)\)", " ".join(container.get("args", []))):
        if name not in known:
            yield f"{container['name']}: $({name}) is no environment variable of it"


def check_probes(container):
    ports = {port["name"] for port in container.get("ports", [])}
    for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        get = container.get(probe, {}).get("httpGet", {})
        if get.get("path") != path or get.get("port") not in ports:
            yield f"{container['name']}: {probe} does not ask {path} on a port of the container"


def check_config(document):
    for name, text in document["data"].items():
        if not name.endswith(".json"):
            continue
        try:
            json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.M))
        except json.JSONDecodeError as error:
            yield f"{name}: {error}"


def check_untried(tree):
    """What needs a container engine, a cluster or a running systemd says in one of its first lines that it was not tried in one here."""
    return [f"{path}: its first lines do not say \"{UNTRIED}\" and why" for path, text in tree.items()
            if path.startswith(("ops/kubernetes/", "ops/container/", "ops/systemd/")) and UNTRIED not in "\n".join(text.splitlines()[:3])]

"""Makes iallocator requests of text data, at random: of every kind, on the same cluster."""

import json

TEMPLATES = ["drbd", "drbd", "drbd", "plain", "rbd", "ext", "diskless", "file", "blockdev", "sharedfile", "gluster"]
STATES = {"ADMIN_down": "down", "USER_down": "down", "ADMIN_offline": "offline"}


def sections(text):
    """The sections of a file in text format, as lists of fields."""
    return [[line.split("|") for line in part.split("\n") if line] for part in text.split("\n\n")]


def spec(text):
    names = ["memory-size", "cpu-count", "disk-size", "disk-count", "nic-count", "spindle-use"]
    return dict(zip(names, map(int, text.split(","))))


def policy(fields):
    limits = [spec(part) for part in fields[2].split(";")]
    return {
        "std": spec(fields[1]),
        "minmax": [{"min": least, "max": most} for least, most in zip(limits[::2], limits[1::2])],
        "disk-templates": fields[3].split(","),
        "vcpu-ratio": float(fields[4]),
        "spindle-ratio": float(fields[5]),
    }


DEFAULT = policy(
    ["", "128,1,1024,1,1,1", "128,1,1024,1,1,1;32768,8,1048576,16,8,12",
     "diskless,file,sharedfile,plain,blockdev,drbd,rbd,ext,gluster", "4.0", "32.0"]
)


def tags(field):
    return [tag for tag in field.split(",") if tag]


def cluster(text, chance):
    """What a request says of the cluster, besides what it asks."""
    groups, nodes, instances, cluster_tags, *rest = sections(text)
    policies = {line[0]: policy(line) for line in (rest[0] if rest else [])}
    exclusive = chance.random() < 0.15
    networks = ["net-a", "net-b"] if chance.random() < 0.3 else []
    return {
        "version": 2,
        "cluster_name": "lab",
        "cluster_tags": ["|".join(line) for line in cluster_tags],
        "enabled_hypervisors": [chance.choice(["xen-pvm", "xen-pvm", "kvm", "fake"])],
        "nodegroups": {
            line[1]: {
                "name": line[0],
                "alloc_policy": chance.choice([line[2]] * 3 + ["preferred", "last_resort", "unallocable"]),
                "networks": [net for net in networks if chance.random() < 0.7],
                "ipolicy": policies.get(line[0], DEFAULT),
                "tags": tags(line[3]),
            }
            for line in groups
        },
        "nodes": {
            line[0]: {
                "group": line[8],
                "offline": line[7] == "Y",
                "drained": chance.random() < 0.03,
                "vm_capable": chance.random() > 0.03,
                "tags": tags(line[10]) if len(line) > 10 else [],
                "ndparams": {
                    "spindle_count": int(line[9]) if len(line) > 9 else 1,
                    "exclusive_storage": exclusive or (len(line) > 11 and line[11] == "Y"),
                    "oob_program": None,
                },
                "total_memory": int(float(line[1])),
                "reserved_memory": int(line[2]),
                "free_memory": int(line[3]),
                "total_disk": int(float(line[4])),
                "free_disk": int(line[5]),
                "total_cpus": int(float(line[6])),
                "reserved_cpus": int(line[13]) if len(line) > 13 else 1,
                "total_spindles": 24,
                "free_spindles": chance.randint(0, 12),
            }
            for line in nodes
        },
        "instances": {line[0]: loaded(line, chance) for line in instances},
    }


def loaded(line, chance):
    size = int(line[2])
    parts = chance.choice([[size], [size], [size // 2, size - size // 2]])
    out = {
        "memory": int(line[1]),
        "vcpus": int(line[3]),
        "disk_space_total": size,
        "disks": [{"mode": "rw", "size": part, "spindles": 1} for part in parts],
        "disk_template": line[8],
        "admin_state": STATES.get(line[4], "up"),
        "nodes": [node for node in line[6:8] if node],
        "spindle_use": int(line[10]) if len(line) > 10 else 1,
        "tags": tags(line[9]),
        "nics": [],
        "hypervisor": "xen-pvm",
        "os": "image",
    }
    if len(line) > 12 and line[12] == "Y":
        out["forthcoming"] = True
    return out


def wanted(base, name, chance, kind="allocate"):
    """A new instance."""
    template = chance.choice(TEMPLATES)
    size = chance.choice([1024, 5000, 40960, 204800, 2000000])
    known = sorted({tag for it in base["instances"].values() for tag in it["tags"]})
    networks = sorted({net for it in base["nodegroups"].values() for net in it["networks"]})
    disks = [{"size": size, "spindles": chance.choice([0, 1, 2])} for _ in range(chance.choice([1, 1, 2, 3]))]
    if chance.random() < 0.1:
        del disks[0]["spindles"]
    out = {
        "type": kind,
        "name": name,
        "memory": chance.choice([64, 512, 1024, 4096, 16384, 32768, 65536]),
        "vcpus": chance.choice([1, 1, 2, 4, 8, 16]),
        "disk_space_total": sum(disk["size"] for disk in disks),
        "disks": disks,
        "disk_template": template,
        "spindle_use": chance.choice([1, 1, 2, 3]),
        "tags": chance.sample(known, min(len(known), chance.choice([0, 0, 1, 2]))),
        "nics": [{"network": net} for net in chance.sample(networks, min(len(networks), chance.choice([0, 0, 1])))],
        "required_nodes": 2 if template == "drbd" else 1,
        "os": "image",
        "hypervisor": "xen-pvm",
    }
    if chance.random() < 0.2:
        out["admin_state"] = chance.choice(["up", "down", "offline"])
    if chance.random() < 0.25:
        group = chance.choice(list(base["nodegroups"].items()))
        out["group_name"] = chance.choice([group[1]["name"], group[1]["name"], group[0]])
    if chance.random() < 0.15:
        nodes = list(base["nodes"])
        out["restrict-to-nodes"] = chance.sample(nodes, chance.randint(1, len(nodes)))
    if chance.random() < 0.03:
        out["required_nodes"] = chance.choice([0, 2, 3])
    return out


def request(base, chance):
    """What is asked."""
    names, groups = list(base["instances"]), list(base["nodegroups"].values())
    kind = chance.choice(
        ["allocate", "allocate", "allocate", "relocate", "node-evacuate", "node-evacuate", "change-group", "multi-allocate",
         "allocate-secondary"]
    )
    if kind == "allocate":
        return wanted(base, "new", chance)
    if kind == "multi-allocate":
        count = chance.choice([1, 2, 3, 5])
        return {"type": kind, "instances": [wanted(base, f"new{at}", chance) for at in range(count)]}
    some = chance.sample(names, min(len(names), chance.choice([1, 1, 2, 4, 8])))
    if kind == "node-evacuate":
        if chance.random() < 0.6:
            node = chance.choice(list(base["nodes"]))
            some = [name for name in names if node in base["instances"][name]["nodes"]][:12]
        return {"type": kind, "instances": some, "evac_mode": chance.choice(["primary-only", "secondary-only", "all"])}
    if kind == "change-group":
        targets = [group["name"] for group in groups if chance.random() < 0.4]
        return {"type": kind, "instances": some, "target_groups": targets}
    name = chance.choice(names)
    if kind == "allocate-secondary":
        return {"type": kind, "name": name}
    it = base["instances"][name]
    drbd = it["disk_template"] == "drbd"
    source = it["nodes"][1:] if drbd else it["nodes"][:1]
    if chance.random() < 0.15:
        source = chance.sample(list(base["nodes"]), chance.choice([0, 1, 2]))
    return {
        "type": kind,
        "name": name,
        "relocate_from": source,
        "required_nodes": chance.choice([1] * 9 + [2]),
        "disk_space_total": it["disk_space_total"],
    }


def text(data, chance):
    """A whole request for a cluster in text format."""
    base = cluster(data, chance)
    return json.dumps({**base, "request": request(base, chance)}, indent=1)


def asked(message):
    """The request of a message, in one line."""
    return json.dumps(json.loads(message)["request"])

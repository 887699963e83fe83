//! Rows of instances.

use crate::app::State;
use crate::app::columns::Col;
use crate::app::rows::Id;
use crate::app::steady::Meter;
use crate::app::tone::{self, Tone};
use crate::app::view::instances;
use crate::model::words::{age, mib, rate};
use crate::model::{Cluster, Name, Status};

use super::Cell;

/// Points of the sparkline.
const POINTS: usize = 12;

pub fn row(cluster: &Cluster, name: &Name) -> Tone {
    match cluster.instances.get(name).map(|instance| instance.status) {
        Some(Status::Was(..)) | None => Tone::Lost,
        // Only that is unknown, and not the rest.
        Some(Status::Unknown) => Tone::Plain,
        Some(status) => match tone::of_status(status) {
            Tone::Dim => Tone::Dim,
            _ => Tone::Plain,
        },
    }
}

pub fn worst(cluster: &Cluster, name: &Name) -> Tone {
    let instance = cluster.instances.get(name);
    instance.map_or(Tone::Plain, |instance| tone::of_status(instance.status))
}

pub fn cell<'a>(
    state: &'a State,
    cluster: &'a Cluster,
    id: &Id,
    name: &'a Name,
    col: Col,
) -> Option<Cell<'a>> {
    let instance = cluster.instances.get(name)?;
    let conf = &instance.conf;
    let held = |meter| state.steady.get(id, meter);
    let stand_in = instances::stand_in(cluster, instance);
    let rate = |meter| Cell::or(held(meter).map(|value| rate(value as u64)), stand_in);
    Some(match col {
        Col::Name => Cell::plain(state.facts.names.short(name)),
        Col::Status => Cell::toned(
            instances::status(instance, cluster),
            tone::of_status(instance.status),
        ),
        Col::Primary => Cell::plain(state.facts.names.short(&conf.primary)),
        Col::Secondary => Cell::plain(instances::secondaries(&state.facts, &conf.secondaries)),
        Col::Template => Cell::toned(conf.disk_template.as_str(), Tone::Dim),
        Col::Redundancy => Cell::toned(
            instances::redundancy(&state.facts, name),
            instances::redundancy_tone(&state.facts, name),
        ),
        Col::Vcpus => Cell::plain(conf.vcpus.to_string()),
        Col::Memory => Cell::plain(mib(conf.maxmem)),
        Col::DiskSize if conf.disks.is_empty() => Cell::toned("-", Tone::Dim),
        Col::DiskSize => Cell::plain(mib(instance.disk_size())),
        Col::Cpu => Cell::or(held(Meter::Cpu).map(|cpu| format!("{cpu:.0}%")), stand_in),
        Col::CpuPast => {
            let top = 100.0 * conf.vcpus.max(1) as f32;
            Cell::Spark(instance.past.cpu.last(POINTS, cluster.now.at), top)
        }
        Col::Read => rate(Meter::Read),
        Col::Write => rate(Meter::Write),
        Col::Net => rate(Meter::Net),
        Col::Os => Cell::toned(conf.os.as_str(), Tone::Dim),
        Col::Uptime => {
            let guest = cluster.guest(instance);
            let uptime = guest.and_then(|guest| instances::uptime(cluster, instance, guest));
            Cell::or(uptime.map(age), stand_in)
        }
        _ => return None,
    })
}

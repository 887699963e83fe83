//! What is done to one instance.

use gantry_wire::operation::Operation;

use crate::action::words::name_of;

use super::draft::Draft;
use super::{disks, moves, state, storage};

/// Tells what an operation on an instance does.
pub fn tell(draft: &mut Draft, operation: &Operation) {
    use Operation as O;
    let name = name_of(operation);
    let planned = draft.cluster.instances.get(name.as_str());
    if planned.is_some_and(|it| it.conf.forthcoming) {
        // As Ganeti's logical units allow it.
        let may = matches!(operation, O::Failover(_) | O::Rename(_) | O::Remove(_))
            || matches!(operation, O::AddTags(_) | O::RemoveTags(_));
        if !may {
            draft.refuse(format!(
                "{name} is only planned (forthcoming): nothing of it is there yet"
            ));
            return;
        }
    }
    match operation {
        O::Migrate(it) => moves::migrate(draft, it),
        O::Failover(it) => moves::failover(draft, it),
        O::Move(it) => moves::copy(draft, it),
        O::ReplaceDisks(it) => storage::replace(draft, it),
        O::GrowDisk(it) => storage::grow(draft, it),
        O::RecreateDisks(it) => storage::recreate(draft, it),
        O::Remove(it) => storage::remove(draft, it),
        O::ActivateDisks(it) => disks::activate(draft, it),
        O::DeactivateDisks(it) => disks::deactivate(draft, it),
        O::Start(it) => state::start(draft, it),
        O::Shutdown(it) => state::shutdown(draft, it),
        O::Kill(it) => state::kill(draft, &it.instance),
        O::Reboot(it) => state::reboot(draft, it),
        O::Modify(it) => state::modify(draft, it),
        O::Rename(it) => state::rename(draft, it),
        O::AddTags(it) => super::cluster::add_tags(draft, it),
        O::RemoveTags(it) => super::cluster::remove_tags(draft, it),
        _ => {}
    }
}

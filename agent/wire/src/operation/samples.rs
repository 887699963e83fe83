//! One of each operation, as a console would ask for it; some in several ways.

use super::*;

const WEB: &str = "web1.example.com";
const NODE: &str = "node2.example.com";

fn name(text: &str) -> String {
    text.to_owned()
}

/// All of them.
pub fn all() -> Vec<Operation> {
    let mut all = instances();
    all.extend(nodes());
    all.extend(others());
    all
}

fn instances() -> Vec<Operation> {
    use Operation as O;
    let replace = |mode, disks: &[u8]| {
        O::ReplaceDisks(ReplaceDisks {
            instance: name(WEB),
            mode,
            disks: disks.to_vec(),
            early_release: disks.is_empty(),
            ignore_ipolicy: false,
        })
    };
    vec![
        O::Migrate(Migrate {
            instance: name(WEB),
            ..Migrate::default()
        }),
        O::Migrate(Migrate {
            instance: name(WEB),
            mode: Some(MigrationMode::NonLive),
            cleanup: true,
            allow_failover: true,
            target_node: Some(name(NODE)),
            iallocator: None,
            ignore_ipolicy: true,
        }),
        O::Failover(Failover {
            instance: name(WEB),
            ..Failover::default()
        }),
        O::Failover(Failover {
            instance: name(WEB),
            ignore_consistency: true,
            target_node: None,
            iallocator: Some(name(".")),
            shutdown_timeout: Some(10),
            ignore_ipolicy: true,
        }),
        replace(ReplaceMode::OnPrimary, &[0, 2]),
        replace(ReplaceMode::OnSecondary, &[]),
        replace(ReplaceMode::Auto, &[]),
        replace(ReplaceMode::NewSecondary(Chosen::Node(name(NODE))), &[]),
        replace(
            ReplaceMode::NewSecondary(Chosen::Iallocator(name("hail"))),
            &[],
        ),
        O::ActivateDisks(ActivateDisks {
            instance: name(WEB),
            ignore_size: true,
            wait_for_sync: true,
        }),
        O::DeactivateDisks(DeactivateDisks {
            instance: name(WEB),
            force: false,
        }),
        O::DeactivateDisks(DeactivateDisks {
            instance: name(WEB),
            force: true,
        }),
        O::Start(Start {
            instance: name(WEB),
            force: false,
        }),
        O::Start(Start {
            instance: name(WEB),
            force: true,
        }),
        O::Shutdown(Shutdown {
            instance: name(WEB),
            timeout: Some(30),
            ignore_offline_nodes: true,
        }),
        O::Kill(Kill {
            instance: name(WEB),
        }),
        O::Reboot(Reboot {
            instance: name(WEB),
            reboot_type: RebootType::Hard,
            shutdown_timeout: None,
            ignore_secondaries: false,
        }),
        O::Reboot(Reboot {
            instance: name(WEB),
            reboot_type: RebootType::Full,
            shutdown_timeout: Some(60),
            ignore_secondaries: true,
        }),
        O::GrowDisk(GrowDisk {
            instance: name(WEB),
            disk: 1,
            amount: 1024,
            absolute: true,
            no_wait_for_sync: true,
            ignore_ipolicy: true,
        }),
        O::Move(Move {
            instance: name(WEB),
            target_node: name(NODE),
            ..Move::default()
        }),
        O::Move(Move {
            instance: name(WEB),
            target_node: name(NODE),
            shutdown_timeout: Some(15),
            ignore_consistency: true,
            ignore_ipolicy: true,
        }),
        O::RecreateDisks(RecreateDisks {
            instance: name(WEB),
            disks: vec![1],
            ..RecreateDisks::default()
        }),
        O::RecreateDisks(RecreateDisks {
            instance: name(WEB),
            nodes: vec![name("node1.example.com"), name(NODE)],
            ..RecreateDisks::default()
        }),
        O::Modify(Modify {
            instance: name(WEB),
            backend: Backend {
                vcpus: Some(2),
                maxmem: Some(2048),
                minmem: Some(1024),
                auto_balance: Some(false),
                always_failover: Some(true),
                spindle_use: Some(3),
            },
            ignore_ipolicy: true,
        }),
        O::Rename(Rename {
            instance: name(WEB),
            new_name: name("web2.example.com"),
            name_check: true,
            ip_check: false,
        }),
        O::Console(Console {
            instance: name(WEB),
            node: name(NODE),
            hypervisor: name("kvm"),
        }),
        O::Remove(Remove {
            instance: name(WEB),
            ..Remove::default()
        }),
        O::Remove(Remove {
            instance: name(WEB),
            shutdown_timeout: Some(5),
            ignore_failures: true,
        }),
    ]
}

fn nodes() -> Vec<Operation> {
    use Operation as O;
    vec![
        O::NodeDrain(NodeDrain {
            node: name(NODE),
            auto_promote: true,
        }),
        O::NodeUndrain(NodeUndrain { node: name(NODE) }),
        O::NodeOffline(NodeOffline {
            node: name(NODE),
            auto_promote: false,
        }),
        O::NodeOnline(NodeOnline { node: name(NODE) }),
        O::NodePromote(NodePromote { node: name(NODE) }),
        O::NodeDemote(NodeDemote {
            node: name(NODE),
            auto_promote: false,
        }),
        O::NodeEvacuate(NodeEvacuate {
            node: name(NODE),
            mode: Evacuated::PrimaryOnly,
            to: None,
            early_release: false,
            ignore_soft_errors: true,
        }),
        O::NodeEvacuate(NodeEvacuate {
            node: name(NODE),
            mode: Evacuated::SecondaryOnly,
            to: Some(Chosen::Node(name("node3.example.com"))),
            early_release: true,
            ignore_soft_errors: false,
        }),
        O::NodePowercycle(NodePowercycle { node: name(NODE) }),
    ]
}

fn others() -> Vec<Operation> {
    use Operation as O;
    let tags = vec![name("hotspare"), name("rack:7")];
    vec![
        O::Verify(Verify { group: None }),
        O::Verify(Verify {
            group: Some(name("rack1")),
        }),
        O::VerifyDisks(VerifyDisks { group: None }),
        O::VerifyDisks(VerifyDisks {
            group: Some(name("rack1")),
        }),
        O::MasterFailover(MasterFailover {
            node: name(NODE),
            no_voting: false,
        }),
        O::MasterFailover(MasterFailover {
            node: name(NODE),
            no_voting: true,
        }),
        O::AddTags(AddTags {
            of: TagsOf::Cluster,
            tags: tags.clone(),
        }),
        O::AddTags(AddTags {
            of: TagsOf::Group(name("rack1")),
            tags: tags.clone(),
        }),
        O::RemoveTags(RemoveTags {
            of: TagsOf::Node(name(NODE)),
            tags: tags.clone(),
        }),
        O::RemoveTags(RemoveTags {
            of: TagsOf::Instance(name(WEB)),
            tags,
        }),
        O::JobCancel(JobCancel { job: 7 }),
        O::JobPriority(JobPriority {
            job: 7,
            priority: -20,
        }),
        O::JobArchive(JobArchive { job: 7 }),
        O::QueueDrain {},
        O::QueueUndrain {},
        O::WatcherPause(WatcherPause { seconds: 3600 }),
        O::WatcherContinue {},
    ]
}

use crate::action::Kind::{Kill, Modify, Reboot, Rename, Shutdown, Start};
use crate::action::Tone;
use crate::action::fixture::Town;

#[test]
fn what_is_so_already_would_do_nothing() {
    let town = Town::new();
    town.of(Start, "web7", &[]).idle("web7 runs already");
    town.of(Shutdown, "off1", &[]).idle("off1 is down already");
    town.of(Kill, "off1", &[]).idle("off1 is down already");
    town.of(Modify, "web7", &[("vcpus", "2"), ("auto_balance", "yes")])
        .idle("is so already");
}

#[test]
fn a_start_takes_memory_and_changes_n_plus_one() {
    let mut town = Town::new();
    town.of(Start, "off1", &[])
        .goes()
        .says("node3: started there", Tone::Plain)
        .says("node3 memory free: 48.8G -> 46.8G", Tone::Plain)
        .says("N+1: holds", Tone::Good);
    town.figures("node3", 500, 51_200);
    town.of(Start, "off1", &[])
        .refused("1.0G (its minmem) are needed");
    town.role("node3", "O");
    town.of(Start, "off1", &[])
        .refused("node3 is marked offline");
    town.conf("off1").admin_state = "offline".into();
    town.of(Start, "off1", &[])
        .refused("marked offline (gnt-instance modify --online)");
}

#[test]
fn nothing_is_started_twice() {
    let mut town = Town::new();
    town.guests("node3", &[]);
    town.guests("node7", &["old1", "pool1", "web7"]);
    town.of(Start, "web7", &[]).refused("would run twice");
}

#[test]
fn a_shutdown_says_for_how_long() {
    let mut town = Town::new();
    town.of(Shutdown, "web7", &[("timeout", "30")])
        .goes()
        .says(
            "destroyed if it is not down after 30s; down until it is started again",
            Tone::Warn,
        )
        .says("node3 memory free: 48.8G -> 52.8G", Tone::Plain);
    town.guests("node3", &[]);
    town.of(Shutdown, "web7", &[])
        .goes()
        .says("it does not run, and is marked down", Tone::Plain);
    town.lose("node3", 60);
    town.of(Shutdown, "web7", &[])
        .goes()
        .says("not known whether it runs", Tone::Warn)
        .says("node3 has been silent for 1m 00s", Tone::Bad);
    town.role("node3", "O");
    town.of(Shutdown, "web7", &[])
        .refused("only be recorded as down");
    town.of(Shutdown, "web7", &[("ignore_offline_nodes", "yes")])
        .goes()
        .says("marked down; nothing is stopped", Tone::Warn);
    town.conf("web7").admin_state = "offline".into();
    town.of(Shutdown, "web7", &[]).refused("down for good");
}

#[test]
fn a_kill_loses_what_is_not_written() {
    let told = Town::new().of(Kill, "web7", &[]);
    told.goes().says("as if its power was cut", Tone::Warn);
    told.says("not yet written to its disks is lost", Tone::Bad);
    assert!(told.0.loses_data);
}

#[test]
fn a_soft_reboot_on_kvm_is_a_reset() {
    let mut town = Town::new();
    let soft = town.of(Reboot, "web7", &[("reboot_type", "soft")]);
    soft.goes().says(
        "KVM asks the guest and kills it in the same breath",
        Tone::Bad,
    );
    assert!(soft.0.loses_data);
    for kind in ["hard", "full"] {
        let told = town.of(Reboot, "web7", &[("reboot_type", kind)]);
        told.goes()
            .says("down for its shutdown and boot", Tone::Warn);
        assert!(!told.0.loses_data);
    }
    town.conf("web7").hypervisor = "xen-pvm".into();
    let soft = town.of(Reboot, "web7", &[("reboot_type", "soft")]);
    assert!(!soft.0.loses_data);
    town.of(Reboot, "off1", &[])
        .goes()
        .says("it does not run: it is started", Tone::Warn);
    town.role("node3", "O");
    town.of(Reboot, "web7", &[])
        .refused("node3 is marked offline");
}

#[test]
fn a_modification_says_what_changes_from_when() {
    let town = Town::new();
    town.of(Modify, "web7", &[("maxmem", "8192"), ("vcpus", "4")])
        .goes()
        .says("vcpus 2 -> 4, maxmem 4.0G -> 8.0G", Tone::Plain)
        .says("from its next start on", Tone::Warn)
        .says("N+1: holds", Tone::Good);
    town.of(Modify, "web7", &[("maxmem", "1024")])
        .refused("minmem (2.0G) would be above maxmem (1.0G)");
    town.of(Modify, "web7", &[("vcpus", "64")]).refused(
        "the policy of group default wants at most 16 of virtual processors, and it has 64",
    );
    town.of(
        Modify,
        "web7",
        &[("vcpus", "64"), ("ignore_ipolicy", "yes")],
    )
    .goes()
    .says("ignored", Tone::Warn);
    town.of(Modify, "off1", &[("auto_balance", "no")])
        .goes()
        .says_not("restart");
}

#[test]
fn only_what_is_down_is_renamed() {
    let mut town = Town::new();
    town.of(Rename, "web7", &[("new_name", "web8")])
        .refused("web7 is up");
    town.of(Rename, "off1", &[("new_name", "db2")])
        .refused("an instance db2 already");
    town.of(Rename, "off1", &[("new_name", "off2")])
        .goes()
        .says("name: off1 -> off2", Tone::Plain);
    town.guests("node3", &["web7", "off1"]);
    town.of(Rename, "off1", &[("new_name", "off2")])
        .refused("marked down but runs");
}

#[test]
fn what_is_only_planned_cannot_be_started() {
    let mut town = Town::new();
    town.conf("off1").forthcoming = true;
    town.of(Start, "off1", &[])
        .refused("only planned (forthcoming)");
    town.of(Rename, "off1", &[("new_name", "off2")]).goes();
}

#[test]
fn less_than_all_of_its_memory_is_said() {
    let mut town = Town::new();
    town.figures("node3", 1_500, 51_200);
    town.of(Start, "off1", &[])
        .goes()
        .says("1.5G free is less than its maxmem, 2.0G", Tone::Warn);
}

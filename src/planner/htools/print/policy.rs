//! A policy as the htools dump one when asked to be verbose.

use super::number::shortest;
use crate::planner::htools::policy::{Policy, Spec};

/// The dump, on one line.
pub fn policy(policy: &Policy) -> String {
    let ranges: Vec<String> = policy
        .ranges
        .iter()
        .map(|(least, most)| {
            format!(
                "MinMaxISpecs {{minMaxISpecsMinSpec = {}, minMaxISpecsMaxSpec = {}}}",
                spec(least),
                spec(most)
            )
        })
        .collect();
    let templates: Vec<&str> = policy.templates.iter().map(|it| it.constructor()).collect();
    format!(
        "IPolicy {{iPolicyMinMaxISpecs = [{}], iPolicyStdSpec = {}, iPolicyDiskTemplates = [{}], \
         iPolicyVcpuRatio = {}, iPolicySpindleRatio = {}}}",
        ranges.join(","),
        spec(&policy.standard),
        templates.join(","),
        shortest(policy.vcpu_ratio),
        shortest(policy.spindle_ratio)
    )
}

fn spec(spec: &Spec) -> String {
    format!(
        "ISpec {{iSpecMemorySize = {}, iSpecCpuCount = {}, iSpecDiskSize = {}, iSpecDiskCount = {}, \
         iSpecNicCount = {}, iSpecSpindleUse = {}}}",
        spec.memory, spec.cpus, spec.disk, spec.disks, spec.nics, spec.spindle_use
    )
}

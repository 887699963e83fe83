//! `gantry harep --dry-run`: it says what Ganeti's harep would do, and does nothing.

use std::collections::BTreeMap;

use serde_json::json;

use super::load::aborting;
use super::{Output, Stop};
use crate::config::htools::Options;
use crate::model;
use crate::planner::htools::repair::{Policy, Verdict, repairs};
use crate::run::list::printable;

/// Runs it; its exit status.
pub fn run(
    options: &Options,
    live: Option<&model::Cluster>,
    output: &mut Output<'_>,
) -> Result<u8, Stop> {
    let Some(cluster) = live else {
        let why = "which cluster? gantry harep --dry-run [USER@]HOST, or -L on a node";
        return Err(Stop::Error(why.to_owned()));
    };
    if cluster.conf.is_none() {
        let why = "the cluster's configuration is not known";
        return Err(aborting(why.to_owned()));
    }
    let all = repairs(cluster, cluster.now.wall as u64);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, verdict) in &all {
        *counts.entry(state(verdict)).or_default() += 1;
    }
    if options.json {
        let instances: Vec<serde_json::Value> = all
            .iter()
            .map(|(name, verdict)| json!({"name": name, "state": state(verdict), "words": words(name, verdict)}))
            .collect();
        let object = json!({"instances": instances, "counts": counts});
        writeln!(output.out, "{object:#}")?;
        return Ok(0);
    }
    for (name, verdict) in &all {
        for line in words(name, verdict) {
            writeln!(output.out, "{}", printable(&line))?;
        }
    }
    let rule = "-".repeat(21);
    writeln!(output.out, "{rule}\nInstance status count\n{rule}")?;
    for (state, count) in counts {
        writeln!(output.out, "{state}: {count}")?;
    }
    Ok(0)
}

/// harep's name of what a verdict amounts to.
fn state(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy | Verdict::Finished { success: true, .. } => "Healthy",
        Verdict::Failed | Verdict::Finished { success: false, .. } => "Failure",
        Verdict::Pending => "Pending repair",
        Verdict::Broken { .. } => "Needs repair",
        Verdict::Unclear(_) => "Not known",
    }
}

/// What there is to say of an instance, line by line.
fn words(name: &str, verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::Healthy | Verdict::Failed | Verdict::Pending => Vec::new(),
        Verdict::Finished { add, remove, .. } => vec![
            format!(
                "Moving {name} from \"Pending repair\" to \"{}\"",
                state(verdict)
            ),
            format!(">>> Adding the following tag to {name}:"),
            format!("\"{add}\""),
            format!(">>> Removing the following tags from {name}:"),
            format!("\"{remove}\""),
        ],
        Verdict::Broken { repair, policy } => {
            let word = repair.word();
            vec![match policy {
                Policy::Enabled(most) if repair <= most => {
                    let opcodes = repair.opcodes().join(", ");
                    format!("{name}: would be repaired by {word} ({opcodes})")
                }
                Policy::Enabled(most) => {
                    let most = most.word();
                    format!("{name}: {word} would mend it, but only {most} is allowed")
                }
                Policy::Suspended => {
                    format!("{name}: {word} would mend it, but auto-repair is suspended")
                }
                Policy::NotEnabled => {
                    format!("{name}: {word} would mend it, but auto-repair is not enabled")
                }
            }]
        }
        Verdict::Unclear(why) => vec![format!("{name}: {why}")],
    }
}

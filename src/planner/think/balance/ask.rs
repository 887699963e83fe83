//! What is asked of a plan to balance, and which part of the cluster it leaves alone.

use crate::planner::htools::balance::Options;
use crate::planner::htools::data::{Data, Instance};
use crate::planner::htools::{N1Rule, Setup};

/// Percent of hbal's gain that are the whole of it.
pub const WHOLE: u8 = 100;

/// What is asked. hbal's options have the same names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Name of the group; the one with the highest score if none.
    pub group: Option<String>,
    /// Move disks.
    pub disk_moves: bool,
    /// Move instances, not only secondaries.
    pub instance_moves: bool,
    /// Only instances that have a node that is offline or drained.
    pub evac_mode: bool,
    /// Leave out soft checks, such as how many virtual processors a node may have.
    pub ignore_soft_errors: bool,
    /// Percent of hbal's gain that are enough, from 1 to [`WHOLE`].
    pub stop_at: u8,
    /// Only instances with this tag.
    pub tag: Option<String>,
    /// No instances with this tag.
    pub not_tag: Option<String>,
    /// Only these instances, by their whole names; all if empty.
    pub select_instances: Vec<String>,
    /// Not these.
    pub exclude_instances: Vec<String>,
    /// More prefixes of exclusion tags, without their colon.
    pub exclusion_tags: Vec<String>,
    /// Speed of a resync, MiB a second, instead of what was measured.
    pub resync_speed: Option<u32>,
}

impl Default for Ask {
    fn default() -> Ask {
        Ask {
            group: None,
            disk_moves: true,
            instance_moves: true,
            evac_mode: false,
            ignore_soft_errors: false,
            stop_at: WHOLE,
            tag: None,
            not_tag: None,
            select_instances: Vec::new(),
            exclude_instances: Vec::new(),
            exclusion_tags: Vec::new(),
            resync_speed: None,
        }
    }
}

impl Ask {
    /// Which instances may move, and what keeps them apart.
    ///
    /// # Errors
    /// A tag that leaves no instance.
    pub fn setup(&self, data: &Data, rule: N1Rule) -> Result<Setup, String> {
        let has = |it: &Instance, tag: &str| it.tags.iter().any(|own| own == tag);
        let mut selected = self.select_instances.clone();
        if let Some(tag) = &self.tag {
            let wanted = |name: &String| selected.is_empty() || selected.contains(name);
            let all = data.instances.iter();
            let tagged = all.filter(|it| has(it, tag) && wanted(&it.name));
            let tagged: Vec<String> = tagged.map(|it| it.name.clone()).collect();
            if tagged.is_empty() {
                return Err(format!("no instance that may move has the tag {tag}"));
            }
            selected = tagged;
        }
        let mut excluded = self.exclude_instances.clone();
        if let Some(tag) = &self.not_tag {
            let tagged = data.instances.iter().filter(|it| has(it, tag));
            excluded.extend(tagged.map(|it| it.name.clone()));
        }
        Ok(Setup {
            exclusion_tags: self.exclusion_tags.clone(),
            selected,
            excluded,
            n1: rule,
            ..Setup::default()
        })
    }

    /// Those of them that are the search's own.
    pub fn options(&self) -> Options {
        Options {
            disk_moves: self.disk_moves,
            instance_moves: self.instance_moves,
            evacuate: self.evac_mode,
            ignore_soft_errors: self.ignore_soft_errors,
            ..Options::default()
        }
    }

    /// They leave out instances.
    pub fn is_limited(&self) -> bool {
        let all = Ask {
            group: self.group.clone(),
            ignore_soft_errors: self.ignore_soft_errors,
            stop_at: self.stop_at,
            resync_speed: self.resync_speed,
            ..Ask::default()
        };
        *self != all
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::planner::n1::tests::{nodes, put};

    fn tagged() -> Data {
        let mut data = nodes(3);
        for _ in 0..3 {
            put(&mut data, 1_000, 0, Some(1));
        }
        data.instances[1].tags = vec!["batch".to_owned()];
        data
    }

    #[test]
    fn a_tag_chooses_and_another_spares() {
        let data = tagged();
        let names = |at: usize| data.instances[at].name.clone();
        let ask = Ask {
            tag: Some("batch".to_owned()),
            ..Ask::default()
        };
        let setup = ask.setup(&data, N1Rule::Reported).unwrap();
        assert_eq!(setup.selected, [names(1)]);
        let ask = Ask {
            not_tag: Some("batch".to_owned()),
            ..Ask::default()
        };
        let setup = ask.setup(&data, N1Rule::Reported).unwrap();
        assert_eq!((setup.selected.len(), setup.excluded), (0, vec![names(1)]));
    }

    #[test]
    fn a_tag_that_leaves_no_instance_is_an_error_and_not_all_of_them() {
        let data = tagged();
        let mut ask = Ask {
            tag: Some("no-such".to_owned()),
            ..Ask::default()
        };
        let wrong = ask.setup(&data, N1Rule::Reported).unwrap_err();
        assert_eq!(wrong, "no instance that may move has the tag no-such");
        ask.tag = Some("batch".to_owned());
        ask.select_instances = vec![data.instances[0].name.clone()];
        assert!(ask.setup(&data, N1Rule::Reported).is_err());
    }
}

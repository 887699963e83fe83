#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::planner::htools::cluster::Setup;
use crate::planner::htools::tests::{cluster, shape};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_cheap_plan_is_legal_and_never_worse_than_hbals(data in shape().prop_flat_map(cluster), percent in prop::sample::select(vec![50.0, 95.0, 100.0])) {
        let cluster = Cluster::new(data, &Setup::default()).unwrap();
        let (scope, options) = (Scope::all(&cluster), Options::default());
        let costs = Costs { percent, ..Costs::default() };
        let plans = plan(&cluster, &scope, &options, &costs, &mut |_| true).unwrap();
        let gain = plans.hbal.before - plans.hbal.after;
        prop_assert!(plans.cheap.after <= plans.hbal.before - gain * percent / 100.0 + 1e-9);
        if percent == 100.0 {
            prop_assert!(plans.cheap.after <= plans.hbal.after);
        }
        prop_assert!(plans.cheap.mib <= plans.hbal.mib);
        let mut copy = cluster.clone();
        for it in &plans.cheap.steps {
            let outcome = copy.outcome(it.step.instance, it.step.to, false);
            prop_assert!(outcome.is_ok());
            copy.make(it.step.instance, &outcome.unwrap());
        }
        let after = score(&copy, &scope.nodes).total();
        prop_assert!(after == plans.cheap.after || (after - plans.cheap.after).abs() < 1e-9);
        for (at, one) in plans.cheap.steps.iter().enumerate() {
            for other in plans.cheap.steps.iter().skip(at + 1).filter(|it| it.set == one.set) {
                prop_assert!(!one.nodes.iter().any(|node| other.nodes.contains(node)));
            }
        }
    }

    #[test]
    fn a_plan_is_given_up_when_told_so(data in shape().prop_flat_map(cluster)) {
        let cluster = Cluster::new(data, &Setup::default()).unwrap();
        let mut told = 0;
        let found = plan(&cluster, &Scope::all(&cluster), &Options::default(), &Costs::default(), &mut |_| {
            told += 1;
            false
        });
        prop_assert_eq!(found.is_none(), told == 1);
    }
}

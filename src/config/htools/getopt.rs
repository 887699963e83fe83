//! Options as GNU's getopt reads them: shortened long ones, bundled short ones, and words anywhere.

use super::spec::{Argument, Spec};

/// An option that was given.
pub struct Given {
    /// Which.
    pub spec: Spec,
    /// Its value.
    pub value: Option<String>,
}

/// A whole command line.
pub struct Line {
    /// Options in their order.
    pub options: Vec<Given>,
    /// Everything else.
    pub words: Vec<String>,
}

/// Reads a command line.
///
/// # Errors
/// In getopt's words.
pub fn read(specs: &[Spec], args: &[String]) -> Result<Line, String> {
    let mut line = Line {
        options: Vec::new(),
        words: Vec::new(),
    };
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if arg == "--" {
            line.words.extend(rest.by_ref().cloned());
        } else if let Some(name) = arg.strip_prefix("--") {
            long(specs, name, &mut rest, &mut line)?;
        } else if let Some(bundle) = arg.strip_prefix('-').filter(|it| !it.is_empty()) {
            short(specs, bundle, &mut rest, &mut line)?;
        } else {
            line.words.push(arg.clone());
        }
    }
    Ok(line)
}

fn long<'a>(
    specs: &[Spec],
    given: &str,
    rest: &mut impl Iterator<Item = &'a String>,
    line: &mut Line,
) -> Result<(), String> {
    let (name, value) = match given.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (given, None),
    };
    let exact = specs.iter().find(|it| it.long == name);
    let mut like = specs.iter().filter(|it| it.long.starts_with(name));
    let spec = match (exact, like.next(), like.next()) {
        (Some(spec), ..) | (None, Some(spec), None) => *spec,
        (None, None, _) => return Err(format!("unrecognized option `--{given}'")),
        (None, Some(first), Some(second)) => {
            let all = [first, second].into_iter().chain(like);
            let all: Vec<String> = all.map(|it| format!("--{}", it.long)).collect();
            let all = all.join(", ");
            return Err(format!(
                "option `--{name}' is ambiguous; could be one of: {all}"
            ));
        }
    };
    let value = match (spec.argument, value) {
        (Argument::None, Some(_)) => {
            return Err(format!(
                "option `--{}' doesn't allow an argument",
                spec.long
            ));
        }
        (Argument::Needed(what), None) => {
            let next = rest.next().cloned();
            let missing = || format!("option `--{}' requires an argument {what}", spec.long);
            Some(next.ok_or_else(missing)?)
        }
        (_, value) => value,
    };
    line.options.push(Given { spec, value });
    Ok(())
}

fn short<'a>(
    specs: &[Spec],
    bundle: &str,
    rest: &mut impl Iterator<Item = &'a String>,
    line: &mut Line,
) -> Result<(), String> {
    let mut letters = bundle.chars();
    while let Some(letter) = letters.next() {
        let spec = specs.iter().find(|it| it.short == Some(letter));
        let spec = *spec.ok_or_else(|| format!("unrecognized option `-{letter}'"))?;
        let attached = letters.as_str();
        let value = match spec.argument {
            Argument::None => None,
            Argument::Attached(_) if attached.is_empty() => None,
            Argument::Needed(what) if attached.is_empty() => {
                let next = rest.next().cloned();
                Some(next.ok_or_else(|| format!("option `-{letter}' requires an argument {what}"))?)
            }
            Argument::Attached(_) | Argument::Needed(_) => Some(attached.to_owned()),
        };
        let takes = value.is_some();
        line.options.push(Given { spec, value });
        if takes {
            break;
        }
    }
    Ok(())
}

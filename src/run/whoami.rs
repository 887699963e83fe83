//! Who asks for changes, and random bits to name them by.

/// Longest name taken.
const LONGEST: usize = gantry_wire::act::LONGEST_OPERATOR;

/// The name of the operator: of the user of this machine, with what a name cannot hold left out.
pub fn operator() -> String {
    let named = |variable| std::env::var(variable).ok();
    let user = named("LOGNAME")
        .or_else(|| named("USER"))
        .unwrap_or_default();
    operator_of(&user)
}

fn operator_of(user: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || "-_.@+".contains(*c);
    let name: String = user.chars().filter(fits).take(LONGEST).collect();
    match name.is_empty() {
        true => "unknown".to_owned(),
        false => name,
    }
}

/// Random bits of the kernel's, so that no two consoles ever give a change the same id.
///
/// # Errors
/// If the kernel gives none.
pub fn random() -> Result<u128, String> {
    let mut bytes = [0; 16];
    let flags = rustix::rand::GetRandomFlags::empty();
    match rustix::rand::getrandom(&mut bytes, flags) {
        Ok(16) => Ok(u128::from_ne_bytes(bytes)),
        Ok(_) => Err("the kernel gave too few random bits".to_owned()),
        Err(error) => Err(format!("the kernel gives no random bits: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_always_one_that_the_agent_takes() {
        for user in [
            "anna",
            "anna müller",
            "",
            "a\x1b[2Jb",
            "üöä",
            &"x".repeat(900),
        ] {
            let name = operator_of(user);
            assert_eq!(gantry_wire::act::operator(&name), Ok(()), "{user:?}");
        }
    }

    #[test]
    fn random_bits_differ() {
        assert_ne!(random(), random());
    }
}

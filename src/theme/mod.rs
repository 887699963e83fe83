//! Roles, not colours: views ask for the style of a [`Role`], and a theme says what that looks like
//! on this terminal.

pub mod depth;
pub mod file;
pub mod glyph;
pub mod role;

use ratatui::style::Style;

pub use depth::Depth;
pub use file::ThemeError;
pub use glyph::Glyphs;
pub use role::Role;

/// The built-in themes by name. The first is the one that gantry starts with, and the example for
/// writing others.
const BUILT_IN: [(&str, &str); 2] = [
    ("gantry", include_str!("../../themes/gantry.toml")),
    ("light", include_str!("../../themes/light.toml")),
];

/// Styles for all roles and signs for all marks, resolved for one terminal.
#[derive(Clone, Debug)]
pub struct Theme {
    styles: [Style; Role::COUNT],
    glyphs: &'static Glyphs,
}

impl Theme {
    /// The theme that gantry starts with.
    pub fn builtin(depth: Depth, glyphs: &'static Glyphs) -> Self {
        let [(name, _), ..] = BUILT_IN;
        // A test holds that the file is good; were it not, styles without colour remain.
        Self::named(name, depth, glyphs).unwrap_or_else(|| Self {
            styles: Role::ALL.map(|role| Style::new().add_modifier(role.without_colour())),
            glyphs,
        })
    }

    /// The built-in theme of this name.
    pub fn named(name: &str, depth: Depth, glyphs: &'static Glyphs) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Self::read(text, name, depth, glyphs).ok()
    }

    /// The names of the built-in themes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// A theme from the text of a theme file; `file` is its name in errors.
    pub fn read(
        text: &str,
        file: &str,
        depth: Depth,
        glyphs: &'static Glyphs,
    ) -> Result<Self, ThemeError> {
        let styles = file::read(text, file)?.styles(depth);
        Ok(Self { styles, glyphs })
    }

    /// What `role` looks like. Only what the theme sets is set, so that styles can be laid over
    /// each other: a warning in the selected row keeps its colour on the selection's ground.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// The signs to draw with.
    pub fn glyphs(&self) -> &'static Glyphs {
        self.glyphs
    }
}

#[cfg(test)]
mod tests;

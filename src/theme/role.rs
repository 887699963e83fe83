//! What a piece of text means.

use ratatui::style::Modifier;

/// A meaning that a theme gives a look to. Healthy is [`Role::Text`]: colour is for what wants
/// action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Ordinary text, and everything that is well.
    Text,
    /// Less important text: units, totals, explanations.
    Dim,
    /// The name of a screen or dialog.
    Title,
    /// The header of a column.
    Header,
    /// Frames and rules.
    Frame,
    /// Something that should be looked at.
    Warn,
    /// Something that is broken now.
    Critical,
    /// Something that cannot be reached; its values are the last ones known.
    Lost,
    /// A value that is older than it should be.
    Stale,
    /// Something that is under way.
    Progress,
    /// A row the operator marked.
    Marked,
    /// The row or entry the cursor is on; laid over the other roles.
    Selected,
    /// The part of a text that a filter matched; laid over the other roles.
    Match,
    /// Words of the hint line.
    Hint,
    /// Keys of the hint line and the help.
    HintKey,
    /// The sign before a typed line, and what is typed.
    Prompt,
    /// The filled part of a bar.
    Bar,
    /// The empty part of a bar.
    BarTrack,
    /// A sparkline.
    Spark,
}

impl Role {
    /// Every role with its name in theme files, in the order of the enum.
    const NAMES: [(Self, &'static str); 19] = [
        (Self::Text, "text"),
        (Self::Dim, "dim"),
        (Self::Title, "title"),
        (Self::Header, "header"),
        (Self::Frame, "frame"),
        (Self::Warn, "warn"),
        (Self::Critical, "critical"),
        (Self::Lost, "lost"),
        (Self::Stale, "stale"),
        (Self::Progress, "progress"),
        (Self::Marked, "marked"),
        (Self::Selected, "selected"),
        (Self::Match, "match"),
        (Self::Hint, "hint"),
        (Self::HintKey, "hint-key"),
        (Self::Prompt, "prompt"),
        (Self::Bar, "bar"),
        (Self::BarTrack, "bar-track"),
        (Self::Spark, "spark"),
    ];

    /// How many roles there are.
    pub const COUNT: usize = Self::NAMES.len();

    /// Every role, in the order of the enum.
    pub const ALL: [Self; Self::COUNT] = {
        let mut all = [Self::Text; Self::COUNT];
        let mut index = 0;
        while index < Self::COUNT {
            all[index] = Self::NAMES[index].0;
            index += 1;
        }
        all
    };

    /// Its name in theme files.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    /// The role with this name in theme files.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(_, known)| *known == name);
        found.map(|(role, _)| *role)
    }

    /// How it is told apart on a terminal without colour.
    pub const fn without_colour(self) -> Modifier {
        match self {
            Self::Text | Self::Frame | Self::Hint | Self::Bar | Self::BarTrack | Self::Spark => {
                Modifier::empty()
            }
            Self::Dim | Self::Lost | Self::Stale => Modifier::DIM,
            Self::Title | Self::Warn | Self::Marked | Self::HintKey | Self::Prompt => {
                Modifier::BOLD
            }
            Self::Critical => Modifier::BOLD.union(Modifier::UNDERLINED),
            Self::Progress => Modifier::ITALIC,
            Self::Header | Self::Match => Modifier::UNDERLINED,
            Self::Selected => Modifier::REVERSED,
        }
    }
}

//! What holds of every theme, and what a bad theme file is told.
#![allow(clippy::unwrap_used)]

use ratatui::style::{Color, Modifier};

use super::*;

/// The relative luminance of WCAG 2.
fn luminance(rgb: [u8; 3]) -> f64 {
    let [r, g, b] = rgb.map(|channel| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// The contrast ratio of WCAG 2, from 1 to 21.
fn contrast(a: Color, b: Color) -> f64 {
    let luminance = |colour| match colour {
        Color::Rgb(r, g, b) => luminance([r, g, b]),
        Color::Indexed(index) => luminance(depth::rgb_of_index(index)),
        other => unreachable!("{other} has no look of its own"),
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn the_built_in_themes_can_be_read_and_set_every_role() {
    for (name, text) in BUILT_IN {
        assert!(
            Theme::named(name, Depth::Rgb, &glyph::ASCII).is_some(),
            "{name}"
        );
        let given: toml::Table = text.parse().unwrap();
        for role in Role::ALL {
            assert!(
                given["roles"].get(role.name()).is_some(),
                "{name}: {}",
                role.name()
            );
        }
    }
    assert_eq!(Theme::names().next(), Some("gantry"));
    assert!(Theme::named("no-such-theme", Depth::Rgb, &glyph::ASCII).is_none());
}

#[test]
fn text_can_be_read_on_the_ground_and_on_the_selection() {
    for ((name, text), depth) in BUILT_IN
        .into_iter()
        .flat_map(|theme| [Depth::Rgb, Depth::Indexed256].map(|depth| (theme, depth)))
    {
        let file = file::read(text, name).unwrap();
        let styles = file.styles(depth);
        let selection = styles[Role::Selected as usize].bg.unwrap();
        for role in Role::ALL {
            let Some(ink) = styles[role as usize].fg else {
                continue;
            };
            // Lines are no text: they only have to be seen.
            let wanted = match role {
                Role::Frame | Role::BarTrack => 1.5,
                _ => 4.5,
            };
            for ground in [file.background, selection] {
                let found = contrast(ink, ground);
                assert!(
                    found >= wanted,
                    "{name}: {role:?} at {depth:?}: {found:.2} on {ground}"
                );
            }
        }
    }
}

#[test]
fn without_colour_nothing_is_coloured_and_what_matters_is_told_apart() {
    let theme = Theme::builtin(Depth::Mono, &glyph::ASCII);
    for role in Role::ALL {
        let style = theme.style(role);
        assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
    }
    let modifier = |role| theme.style(role).add_modifier;
    assert!(modifier(Role::Selected).contains(Modifier::REVERSED));
    for role in [
        Role::Warn,
        Role::Critical,
        Role::Lost,
        Role::Marked,
        Role::Progress,
    ] {
        assert_ne!(modifier(role), modifier(Role::Text), "{role:?}");
        assert!(!modifier(role).contains(Modifier::REVERSED), "{role:?}");
    }
    assert_ne!(modifier(Role::Warn), modifier(Role::Critical));
}

#[test]
fn sixteen_colours_are_those_the_palette_names() {
    let theme = Theme::builtin(Depth::Ansi16, &glyph::ASCII);
    assert_eq!(theme.style(Role::Critical).fg, Some(Color::LightRed));
    assert_eq!(theme.style(Role::Selected).bg, Some(Color::Blue));
}

#[test]
fn roles_find_their_names() {
    for (index, role) in Role::ALL.iter().enumerate() {
        assert_eq!(*role as usize, index);
        assert_eq!(Role::named(role.name()), Some(*role));
    }
}

#[test]
fn bad_theme_files_are_told_where_and_why() {
    let error = |text| {
        let theme = Theme::read(text, "my.toml", Depth::Rgb, &glyph::ASCII);
        theme.unwrap_err().to_string()
    };
    let starts = [
        (
            "[roles]\nwran = {}",
            "my.toml:2: unknown role \"wran\" (one of text, ",
        ),
        (
            "[roles]\n\nwarn = { fg = \"ambre\" }",
            "my.toml:3: unknown colour \"ambre\" in roles.warn.fg",
        ),
        (
            "[roles]\nwarn = { fg = 256 }",
            "my.toml:2: unknown colour \"256\" in roles.warn.fg",
        ),
        (
            "[roles]\nwarn = { blink = true }",
            "my.toml:2: unknown key \"blink\" in roles.warn (fg,",
        ),
        (
            "[roles]\nwarn = { bold = 1 }",
            "my.toml:2: roles.warn.bold must be true or false, not ",
        ),
        (
            "[roles]\nwarn = \"red\"",
            "my.toml:2: roles.warn must be a table, not ",
        ),
        (
            "[palette]\nred = \"#ff00\"",
            "my.toml:2: unknown colour \"#ff00\" in palette.red",
        ),
        (
            "[palette]\nred = \"#+12345\"",
            "my.toml:2: unknown colour \"#+12345\" in palette.red",
        ),
        (
            "[palette]\nred = { ansi = \"#ff0000\" }",
            "my.toml:2: palette.red.ansi must be one of the 16",
        ),
        (
            "[palette]\nred = { cmyk = 1 }",
            "my.toml:2: unknown key \"cmyk\" in palette.red",
        ),
        ("colours = 3", "my.toml:1: unknown key \"colours\""),
        ("[roles]\nwarn = {", "my.toml:2: "),
    ];
    for (text, start) in starts {
        let error = error(text);
        assert!(error.starts_with(start), "{error}\nfor {text}");
    }
}

#[test]
fn a_palette_may_stand_after_its_use_and_shadow_a_name() {
    let text = "roles.warn = { fg = \"red\", bg = \"default\" }\npalette.red = \"#010203\"\n";
    let theme = Theme::read(text, "my.toml", Depth::Rgb, &glyph::ASCII).unwrap();
    assert_eq!(theme.style(Role::Warn).fg, Some(Color::Rgb(1, 2, 3)));
    assert_eq!(theme.style(Role::Warn).bg, Some(Color::Reset));
}

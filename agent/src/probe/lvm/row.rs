//! One row of a report: the fields that are used, by LVM's names of them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// All fields that are used of any report.
const FIELDS: &[&str] = &[
    "vg_name",
    "vg_uuid",
    "vg_size",
    "vg_free",
    "vg_attr",
    "vg_extent_size",
    "vg_missing_pv_count",
    "vg_tags",
    "pv_count",
    "lv_count",
    "pv_name",
    "pv_uuid",
    "pv_size",
    "pv_free",
    "pv_attr",
    "pv_missing",
    "pv_tags",
    "lv_name",
    "lv_uuid",
    "lv_size",
    "lv_attr",
    "lv_kernel_minor",
    "lv_tags",
    "origin",
    "pool_lv",
    "devices",
];

/// The fields of one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row(Vec<(&'static str, String)>);

impl Row {
    /// A field's text; empty if the report does not have it.
    pub fn text(&self, field: &str) -> &str {
        let found = self.0.iter().find(|(name, _)| *name == field);
        found.map_or("", |(_, text)| text)
    }

    /// Sets a field, if it is one that is used. What came first stays: with `-o +all` fields come
    /// twice.
    pub fn set(&mut self, field: &str, text: &str) {
        let text = text.trim();
        let field = FIELDS.iter().find(|name| **name == field);
        let Some(field) = field.filter(|_| !text.is_empty()) else {
            return;
        };
        if self.text(field).is_empty() {
            self.0.push((field, text.to_owned()));
        }
    }

    /// A field with several words.
    pub fn list(&self, field: &str) -> Vec<String> {
        let words = self.text(field).split(',').map(str::trim);
        let words = words.filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    }

    /// A count, if there is one.
    pub fn count(&self, field: &str) -> Option<u32> {
        self.text(field).parse().ok()
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Row, D::Error> {
        deserializer.deserialize_any(RowVisitor)
    }
}

struct RowVisitor;

/// Whatever is no object is an empty row.
impl<'de> Visitor<'de> for RowVisitor {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a row of a report")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        let mut row = Row::default();
        while let Some(field) = map.next_key::<String>()? {
            if FIELDS.contains(&field.as_str()) {
                row.set(&field, &map.next_value::<Cell>()?.0);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(row)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Row, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Row::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Row, E> {
        Ok(Row::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Row, E> {
        Ok(Row::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Row, E> {
        Ok(Row::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Row, E> {
        Ok(Row::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Row, E> {
        Ok(Row::default())
    }

    fn visit_unit<E>(self) -> Result<Row, E> {
        Ok(Row::default())
    }
}

/// A field's value as text, whatever its type: newer versions have numbers and lists, where older
/// ones have strings.
struct Cell(String);

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cell, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a field of a report")
    }

    fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell(text.to_owned()))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Cell, E> {
        Ok(Cell(flag.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Cell, E> {
        Ok(Cell(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Cell, E> {
        Ok(Cell(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Cell, E> {
        // With its point: by that a size without a unit is known to be no bytes.
        Ok(Cell(format!("{number:.2}")))
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell(String::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Cell, A::Error> {
        let mut words = Vec::new();
        while let Some(Cell(word)) = seq.next_element()? {
            words.push(word);
        }
        Ok(Cell(words.join(",")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cell(String::new()))
    }
}

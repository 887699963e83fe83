//! Rows of a query's answer. Each cell is `[status, value]`; only status 0 has a value. All numbers
//! may come as integers or floats.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// The statuses of a cell.
pub mod status {
    /// The value is valid.
    pub const NORMAL: u8 = 0;
    /// It should exist but could not be fetched.
    pub const NO_DATA: u8 = 2;
}

/// One row, its cells named by the fields that were asked for.
#[derive(Debug)]
pub struct Row<'a> {
    fields: &'a [&'a str],
    cells: Vec<(u8, Value)>,
}

impl<'a> Row<'a> {
    /// A row of the older calls, which have bare values, null where there is none.
    pub fn bare(fields: &'a [&'a str], values: Vec<Value>) -> Row<'a> {
        let cells = values.into_iter();
        Row {
            fields,
            cells: cells.map(|value| (status::NORMAL, value)).collect(),
        }
    }

    fn cell(&self, field: &str) -> Option<&(u8, Value)> {
        let at = self.fields.iter().position(|name| *name == field)?;
        self.cells.get(at)
    }

    /// A cell's status; as unknown if there is no such cell.
    pub fn status(&self, field: &str) -> u8 {
        self.cell(field).map_or(1, |(status, _)| *status)
    }

    /// A cell's value, if it has one.
    pub fn value(&self, field: &str) -> Option<&Value> {
        self.cell(field)
            .filter(|(status, value)| *status == status::NORMAL && !value.is_null())
            .map(|(_, value)| value)
    }

    /// A text; empty if there is none.
    pub fn text(&self, field: &str) -> String {
        self.value(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// A list of texts, in which what is no text is empty.
    pub fn texts(&self, field: &str) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.list(field).iter().map(text).collect()
    }

    /// A list; empty if there is none.
    pub fn list(&self, field: &str) -> &[Value] {
        self.value(field)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// A number that is not negative; `None` if there is none or it does not fit.
    pub fn number<T: TryFrom<u64>>(&self, field: &str) -> Option<T> {
        T::try_from(whole(self.value(field)?)?).ok()
    }

    /// A finite float; 0 if there is none.
    pub fn float(&self, field: &str) -> f64 {
        self.value(field).and_then(Value::as_f64).unwrap_or(0.0)
    }

    /// A flag; false if there is none.
    pub fn flag(&self, field: &str) -> bool {
        self.value(field).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// A number that is not negative, however it is written.
pub fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let float = value.as_f64()?;
        (0.0..1.8e19).contains(&float).then_some(float as u64)
    })
}

/// Hands each row of a query's result to `each`, without holding them all.
///
/// # Errors
/// If it is no such result.
pub fn each_row(
    result: &str,
    fields: &[&str],
    each: impl FnMut(Row<'_>),
) -> serde_json::Result<()> {
    #[derive(Deserialize)]
    struct Result<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }
    let result: Result<'_> = serde_json::from_str(result)?;
    let mut data = serde_json::Deserializer::from_str(result.data.get());
    Rows { fields, each }.deserialize(&mut data)
}

struct Rows<'f, F> {
    fields: &'f [&'f str],
    each: F,
}

impl<'de, F: FnMut(Row<'_>)> DeserializeSeed<'de> for Rows<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(Row<'_>)> Visitor<'de> for Rows<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut rows: A) -> Result<(), A::Error> {
        while let Some(cells) = rows.next_element()? {
            (self.each)(Row {
                fields: self.fields,
                cells,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn cells_without_a_value_are_not_mistaken_for_one() {
        let fields = ["name", "mfree", "tags", "offline", "size", "ctime", "odd"];
        let result = r#"{"fields":[{"name":"name"}],"data":[
            [[0,"node1"],[2,null],[0,["a",7]],[0,true],[0,1.024e3],[0,0],[0,-5]]]}"#;
        let mut rows = 0;
        each_row(result, &fields, |row| {
            rows += 1;
            assert_eq!(row.text("name"), "node1");
            assert_eq!(row.number::<u64>("mfree"), None);
            assert_eq!(row.status("mfree"), status::NO_DATA);
            assert_eq!(row.texts("tags"), ["a", ""]);
            assert!(row.flag("offline"));
            assert_eq!(row.number::<u16>("size"), Some(1024));
            assert_eq!(row.number::<u8>("size"), None);
            assert_eq!(row.float("ctime"), 0.0);
            assert_eq!(row.number::<u64>("odd"), None);
            assert_eq!((row.text("nosuch").as_str(), row.status("nosuch")), ("", 1));
        })
        .unwrap();
        assert_eq!(rows, 1);
        assert!(each_row("[]", &fields, |_| ()).is_err());
        assert!(each_row(r#"{"data":[[7]]}"#, &fields, |_| ()).is_err());
        assert!(each_row(r#"{"data":[[]]}"#, &fields, |_| ()).is_ok());
    }
}

//! A table: tab-separated text compiled in, typed rows when somebody asks.

use std::sync::OnceLock;

/// A row type and the columns it is read from.
pub trait Row: Sized + Send + Sync + 'static {
    /// The header row, in order.
    const COLUMNS: &'static [&'static str];

    /// Makes a row of as many fields as there are columns.
    fn read(fields: &[&'static str]) -> Self;
}

/// One table.
#[derive(Debug)]
pub struct Table<R: 'static> {
    /// The file's name, for messages.
    pub file: &'static str,
    /// The file's text.
    pub text: &'static str,
    rows: OnceLock<Vec<R>>,
}

impl<R: Row> Table<R> {
    /// A table over a file's text.
    pub const fn new(file: &'static str, text: &'static str) -> Self {
        Self {
            file,
            text,
            rows: OnceLock::new(),
        }
    }

    /// The rows, in the file's order. A line with a wrong number of fields is not a row: a test
    /// holds that there is none.
    pub fn rows(&self) -> &[R] {
        self.rows.get_or_init(|| {
            let mut fields = Vec::with_capacity(R::COLUMNS.len());
            self.text
                .lines()
                .skip(1)
                .filter_map(|line| {
                    fields.clear();
                    fields.extend(line.split('\t'));
                    (fields.len() == R::COLUMNS.len()).then(|| R::read(&fields))
                })
                .collect()
        })
    }

    /// What is wrong with the file, a line each; empty when all is well.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut lines = self.text.lines();
        let header: Vec<_> = lines.next().unwrap_or_default().split('\t').collect();
        if header != R::COLUMNS {
            faults.push(format!("{}: columns are {header:?}", self.file));
        }
        for (number, line) in lines.enumerate() {
            let fields = line.split('\t').count();
            if fields != R::COLUMNS.len() {
                faults.push(format!("{}:{}: {fields} fields", self.file, number + 2));
            }
            if line.starts_with('\t') {
                faults.push(format!("{}:{}: no key", self.file, number + 2));
            }
        }
        if self.text.contains('\r') || !self.text.ends_with('\n') {
            faults.push(format!("{}: line ends", self.file));
        }
        faults
    }
}

/// Declares row types and their tables, and a list of what is wrong with any of them.
macro_rules! tables {
    ($($(#[$about:meta])* $table:ident: $row:ident = $file:literal { $($field:ident)+ })+) => {
        $(
            $(#[$about])*
            #[derive(Clone, Copy, Debug)]
            pub struct $row {
                $(#[doc = concat!("Column `", stringify!($field), "`.")] pub $field: &'static str,)+
            }

            impl Row for $row {
                const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),+];

                fn read(fields: &[&'static str]) -> Self {
                    let mut fields = fields.iter().copied();
                    Self { $($field: fields.next().unwrap_or_default(),)+ }
                }
            }

            $(#[$about])*
            pub static $table: Table<$row> =
                Table::new($file, include_str!(concat!("tables/", $file)));
        )+

        /// What is wrong with the tables, a line each; empty when all is well.
        pub fn faults() -> Vec<String> {
            let mut faults = Vec::new();
            $(faults.extend($table.faults());)+
            faults
        }

        /// Each table's file and number of rows.
        pub fn sizes() -> Vec<(&'static str, usize)> {
            vec![$(($file, $table.rows().len())),+]
        }
    };
}
pub(super) use tables;

#[cfg(test)]
mod tests {
    use super::*;

    struct Pair(&'static str, &'static str);

    impl Row for Pair {
        const COLUMNS: &'static [&'static str] = &["a", "b"];
        fn read(fields: &[&'static str]) -> Self {
            Self(fields[0], fields[1])
        }
    }

    #[test]
    fn rows_and_faults() {
        let good: Table<Pair> = Table::new("good.tsv", "a\tb\n1\t2\n3\t\n");
        assert!(good.faults().is_empty());
        let rows = good.rows();
        assert_eq!((rows.len(), rows[1].0, rows[1].1), (2, "3", ""));
        let bad: Table<Pair> = Table::new("bad.tsv", "a\tc\n1\n\t2\r\n");
        assert_eq!(bad.faults().len(), 4);
        assert_eq!(bad.rows().len(), 1);
    }
}

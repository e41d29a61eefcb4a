//! How the types of values are declared, so that a type's names or bounds, its parser and the keywords of its
//! JSON Schema stand together.

use std::str::FromStr;

use schemars::JsonSchema;

use super::violation::Violation;

/// A value that requests write as text: its parser says what is taken, its schema says the same.
pub trait TextValue: FromStr<Err: Into<Violation>> + JsonSchema {
    /// Whether it is a list with commas between, whose items a query may also give one by one under the same name.
    const IS_LIST: bool = false;
}

impl TextValue for String {}

/// `schema!(Type, { keywords })`: the JSON Schema of a type that is parsed from text; with `number` before it, of one
/// that is not.
macro_rules! schema {
    ($type:ty, $keywords:tt) => {
        crate::models::value::schema!(number $type, $keywords);

        impl crate::models::value::TextValue for $type {}
    };
    (list $type:ty, $keywords:tt) => {
        crate::models::value::schema!(number $type, $keywords);

        impl crate::models::value::TextValue for $type {
            const IS_LIST: bool = true;
        }
    };
    (number $type:ty, $keywords:tt) => {
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($keywords)
            }
        }
    };
}

/// An enum whose variants have one name each, which clients write and read. `strum` would name the variants, but
/// neither list the names in a refusal nor in a schema. With `in clients "PREFIX"`, generated clients put that before
/// them: in some languages no two enums may have one name.
macro_rules! names {
    ($(#[$meta:meta])* $vis:vis enum $type:ident $(in clients $prefix:literal)? {
        $($(#[$variant_meta:meta])* $variant:ident = $name:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        $vis enum $type {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $type {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Every name, in the order of [`Self::ALL`].
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The name of the value.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl std::str::FromStr for $type {
            type Err = crate::models::violation::Violation;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    other => Err(Self::Err::choice(other, Self::NAMES)),
                }
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl crate::models::value::TextValue for $type {}

        impl schemars::JsonSchema for $type {
            // One name is said where it stands; several have a schema of their own, which others refer to.
            fn inline_schema() -> bool {
                Self::NAMES.len() == 1
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                #[allow(unused_mut, reason = "most have no prefix")]
                let mut schema = schemars::json_schema!({ "type": "string", "enum": Self::NAMES });
                $(
                    let names = Self::NAMES.iter();
                    let names = names.map(|name| format!("{}_{}", $prefix, name.to_uppercase()));
                    schema.insert("x-enum-varnames".to_owned(), names.collect::<Vec<_>>().into());
                )?
                schema
            }
        }
    };
}

/// How a type stands in a column of the SQL type `$sql`: what is written of a reference to a value, and what becomes
/// of what is read. The type derives `AsExpression` and `FromSqlRow` itself.
macro_rules! stored {
    (
        $type:ty as $sql:ty,
        |$value:ident| $written:expr => $column:ty,
        |$read:ident: $owned:ty| $result:expr
    ) => {
        impl<DB> diesel::serialize::ToSql<$sql, DB> for $type
        where
            DB: diesel::backend::Backend,
            $column: diesel::serialize::ToSql<$sql, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, DB>,
            ) -> diesel::serialize::Result {
                let $value = self;
                let column: &'b $column = $written;
                diesel::serialize::ToSql::<$sql, DB>::to_sql(column, out)
            }
        }

        impl<DB> diesel::deserialize::FromSql<$sql, DB> for $type
        where
            DB: diesel::backend::Backend,
            $owned: diesel::deserialize::FromSql<$sql, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                let $read = <$owned>::from_sql(bytes)?;
                $result
            }
        }
    };
}

/// Text that people write: in NFC, trimmed, of so many Unicode characters, without control characters. One that
/// must not be empty has a visible character.
macro_rules! text {
    ($(#[$meta:meta])* $vis:vis struct $type:ident($($min:literal)?..=$max:literal);) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        $vis struct $type(String);

        impl $type {
            /// The longest, in Unicode scalar values after trimming.
            pub const MAX: u64 = $max;

            const LEAST: crate::models::text::Least = if 0 $(+ $min)? > 0 {
                crate::models::text::Least::Visible
            } else {
                crate::models::text::Least::Nothing
            };

            /// The text, trimmed.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, trimmed.
            pub fn into_inner(self) -> String {
                self.0
            }
        }

        impl std::str::FromStr for $type {
            type Err = crate::models::violation::Violation;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                crate::models::text::bounded(text, Self::LEAST, $max).map(Self)
            }
        }

        crate::models::value::schema!($type, {
            "type": "string",
            $("minLength": $min, "pattern": crate::models::text::NOT_BLANK,)?
            "maxLength": $max,
            "description": crate::models::text::description($type::LEAST),
        });
    };
}

pub(crate) use {names, schema, stored, text};

//! The tables, one file for both engines: `diesel print-schema` infers the same columns from each.
//! PostgreSQL's `tasks.search`, which it generates itself, is left out: SQLite has a table in its place.

diesel::table! {
    idempotency_keys (user_id, key) {
        user_id -> BigInt,
        key -> Text,
        fingerprint -> Binary,
        status -> SmallInt,
        headers -> Text,
        body -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    tasks (user_id, id) {
        id -> BigInt,
        user_id -> BigInt,
        title -> Text,
        description -> Nullable<Text>,
        status -> Text,
        priority -> SmallInt,
        due_at -> Nullable<Timestamp>,
        version -> BigInt,
        completed_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        labels -> Text,
        external_id -> Nullable<Text>,
        deleted_at -> Nullable<Timestamp>,
        title_key -> Text,
        words -> Text,
        indexed_version -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        email -> Text,
        password_hash -> Text,
        created_at -> Timestamp,
    }
}

diesel::joinable!(idempotency_keys -> users (user_id));
diesel::joinable!(tasks -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(idempotency_keys, tasks, users);

//! The tables, one file for both engines: `diesel print-schema` infers the same columns from each.
//! PostgreSQL's `tasks.search`, which it generates itself, is left out: SQLite has a table in its place.

diesel::table! {
    epochs (id) {
        id -> SmallInt,
        epoch -> BigInt,
    }
}

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
    personal_tokens (user_id, id) {
        id -> BigInt,
        user_id -> BigInt,
        hash -> Binary,
        name -> Text,
        scopes -> Text,
        expires_at -> Timestamp,
        created_at -> Timestamp,
        last_used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    projects (user_id, id) {
        id -> BigInt,
        user_id -> BigInt,
        name -> Text,
        description -> Nullable<Text>,
        color -> Nullable<Text>,
        archived -> Bool,
        position -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        deleted_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    refresh_tokens (user_id, hash) {
        user_id -> BigInt,
        hash -> Binary,
        session_id -> BigInt,
        used_at -> Nullable<Timestamp>,
        child_hash -> Nullable<Binary>,
    }
}

diesel::table! {
    security_events (user_id, id) {
        id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        created_at -> Timestamp,
        ip -> Nullable<Text>,
        request_id -> Nullable<Text>,
    }
}

diesel::table! {
    sessions (user_id, id) {
        id -> BigInt,
        user_id -> BigInt,
        created_at -> Timestamp,
        last_used_at -> Timestamp,
        expires_at -> Timestamp,
        ip -> Text,
        user_agent -> Nullable<Text>,
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
        project_id -> Nullable<BigInt>,
        parent_id -> Nullable<BigInt>,
        blocked_by -> Text,
        position -> Nullable<Text>,
        deletion -> Nullable<Text>,
    }
}

diesel::table! {
    throttles (bucket) {
        bucket -> Binary,
        hits -> BigInt,
        ends_at -> Timestamp,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        email -> Text,
        password_hash -> Text,
        created_at -> Timestamp,
        tokens_not_before -> BigInt,
        deleted_at -> Nullable<Timestamp>,
    }
}

diesel::joinable!(idempotency_keys -> users (user_id));
diesel::joinable!(personal_tokens -> users (user_id));
diesel::joinable!(projects -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(tasks -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(
    epochs,
    idempotency_keys,
    personal_tokens,
    projects,
    refresh_tokens,
    security_events,
    sessions,
    tasks,
    throttles,
    users
);

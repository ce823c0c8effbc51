"""Every check of the doctor, in the order in which they run."""

from __future__ import annotations

from ..registry import Check
from .behaviour import errors_come_out, migrations_end_before_env_does
from .configuration import (
    files_parse,
    ini_has_its_logging,
    ini_leads_to_scripts,
    no_password_in_ini,
    no_url_in_ini,
    options_have_one_meaning,
    scripts_are_whole,
)
from .database import (
    applied_revisions_are_unedited,
    dotenv_is_in_force,
    live_enums_have_their_labels,
    live_indexes_are_valid,
    live_matches_its_revisions,
    live_revision_is_known,
    live_tables_have_owners,
    no_migration_is_unfinished,
    same_database_from_everywhere,
)
from .env import (
    application_uses_the_same_database,
    env_leaves_logging_alone,
    env_reaches_run_migrations,
    env_runs_migrations,
    env_uses_database_url,
    migrations_take_turns,
    rebuilding_keeps_rows,
)
from .imports import modules_are_imported_in_any_order
from .library import library_pin_agrees, library_settings_are_valid
from .lifecycle import (
    autogenerate_compares_everything,
    autogenerate_sees_every_table,
    downgrade_leaves_nothing,
    models_match_revisions,
    offline_prints_sql,
    revisions_leave_transactions_alone,
    schema_matches_models,
    upgrade_is_committed,
)
from .mappers import keys_lead_to_tables, mappers_are_complete, names_are_unique
from .models import (
    checks_of_columns_have_no_names,
    constraints_have_names,
    enum_types_lie_beside_their_tables,
    importing_makes_no_table,
    metadata_is_the_models,
    modules_are_loaded_once,
    no_table_outside_migrations,
)
from .options import hooks_give_answers, options_of_configure_exist
from .revisions import (
    every_revision_is_loaded,
    revisions_are_self_contained,
    revisions_form_one_line,
    revisions_keep_data,
    versions_hold_revisions,
)
from .surroundings import (
    alembic_uses_this_configuration,
    code_that_runs_is_the_projects,
    database_outlives_the_command,
    libraries_are_not_hidden,
)
from .template import template_writes_revisions

# The stages in the order of STAGES; within probe and scratch a check may build upon what an earlier one did.
ORDER: list[Check] = [
    # static
    alembic_uses_this_configuration,
    libraries_are_not_hidden,
    files_parse,
    ini_leads_to_scripts,
    scripts_are_whole,
    ini_has_its_logging,
    options_have_one_meaning,
    library_settings_are_valid,
    library_pin_agrees,
    no_url_in_ini,
    no_password_in_ini,
    env_runs_migrations,
    no_table_outside_migrations,
    versions_hold_revisions,
    revisions_form_one_line,
    revisions_keep_data,
    # probe
    env_reaches_run_migrations,
    code_that_runs_is_the_projects,
    database_outlives_the_command,
    options_of_configure_exist,
    errors_come_out,
    migrations_end_before_env_does,
    env_uses_database_url,
    application_uses_the_same_database,
    env_leaves_logging_alone,
    modules_are_loaded_once,
    modules_are_imported_in_any_order,
    metadata_is_the_models,
    hooks_give_answers,
    template_writes_revisions,
    every_revision_is_loaded,
    revisions_are_self_contained,
    constraints_have_names,
    names_are_unique,
    keys_lead_to_tables,
    enum_types_lie_beside_their_tables,
    checks_of_columns_have_no_names,
    migrations_take_turns,
    rebuilding_keeps_rows,
    # scratch
    importing_makes_no_table,
    autogenerate_sees_every_table,
    autogenerate_compares_everything,
    offline_prints_sql,
    revisions_leave_transactions_alone,
    upgrade_is_committed,
    models_match_revisions,
    schema_matches_models,
    downgrade_leaves_nothing,
    mappers_are_complete,
    # live
    same_database_from_everywhere,
    dotenv_is_in_force,
    live_revision_is_known,
    no_migration_is_unfinished,
    applied_revisions_are_unedited,
    live_matches_its_revisions,
    live_enums_have_their_labels,
    live_indexes_are_valid,
    live_tables_have_owners,
]

//! pgwright's own description of Django, of the parts of Python's library that settings use, and of libraries whose models need
//! more than static evaluation gives. Plain Python, evaluated like any other source; `described/` holds it.

use pgwright_python::modules::{DescribedModule, Precedence};

macro_rules! described {
    ($($name:literal, $package:literal, $file:literal, $precedence:ident;)*) => {
        &[$(DescribedModule {
            name: $name,
            is_package: $package,
            source: include_str!(concat!("../described/", $file)),
            precedence: Precedence::$precedence,
        }),*]
    };
}

/// Packages whose description is all that is needed of them.
pub(crate) const CLOSED: &[&str] = &["django"];

pub(crate) const DESCRIBED: &[DescribedModule] = described! {
    "abc", false, "abc.py", First;
    "collections", false, "collections.py", First;
    "copy", false, "copy.py", First;
    "dataclasses", false, "dataclasses.py", First;
    "datetime", false, "datetime.py", First;
    "decimal", false, "decimal.py", First;
    "django", true, "django/__init__.py", First;
    "django.apps", true, "django/apps/__init__.py", First;
    "django.apps.config", false, "django/apps/config.py", First;
    "django.apps.registry", false, "django/apps/registry.py", First;
    "django.conf", true, "django/conf/__init__.py", First;
    "django.contrib", true, "django/contrib/__init__.py", First;
    "django.contrib.admin", true, "django/contrib/admin/__init__.py", First;
    "django.contrib.admin.apps", false, "django/contrib/admin/apps.py", First;
    "django.contrib.admin.models", false, "django/contrib/admin/models.py", First;
    "django.contrib.auth", true, "django/contrib/auth/__init__.py", First;
    "django.contrib.auth.apps", false, "django/contrib/auth/apps.py", First;
    "django.contrib.auth.base_user", false, "django/contrib/auth/base_user.py", First;
    "django.contrib.auth.models", false, "django/contrib/auth/models.py", First;
    "django.contrib.auth.validators", false, "django/contrib/auth/validators.py", First;
    "django.contrib.contenttypes", true, "django/contrib/contenttypes/__init__.py", First;
    "django.contrib.contenttypes.apps", false, "django/contrib/contenttypes/apps.py", First;
    "django.contrib.contenttypes.fields", false, "django/contrib/contenttypes/fields.py", First;
    "django.contrib.contenttypes.models", false, "django/contrib/contenttypes/models.py", First;
    "django.contrib.flatpages", true, "django/contrib/flatpages/__init__.py", First;
    "django.contrib.flatpages.apps", false, "django/contrib/flatpages/apps.py", First;
    "django.contrib.flatpages.models", false, "django/contrib/flatpages/models.py", First;
    "django.contrib.postgres", true, "django/contrib/postgres/__init__.py", First;
    "django.contrib.postgres.constraints", false, "django/contrib/postgres/constraints.py", First;
    "django.contrib.postgres.fields", true, "django/contrib/postgres/fields/__init__.py", First;
    "django.contrib.postgres.fields.array", false, "django/contrib/postgres/fields/array.py", First;
    "django.contrib.postgres.fields.citext", false, "django/contrib/postgres/fields/citext.py", First;
    "django.contrib.postgres.fields.hstore", false, "django/contrib/postgres/fields/hstore.py", First;
    "django.contrib.postgres.fields.jsonb", false, "django/contrib/postgres/fields/jsonb.py", First;
    "django.contrib.postgres.fields.ranges", false, "django/contrib/postgres/fields/ranges.py", First;
    "django.contrib.postgres.indexes", false, "django/contrib/postgres/indexes.py", First;
    "django.contrib.postgres.search", false, "django/contrib/postgres/search.py", First;
    "django.contrib.postgres.validators", false, "django/contrib/postgres/validators.py", First;
    "django.contrib.redirects", true, "django/contrib/redirects/__init__.py", First;
    "django.contrib.redirects.apps", false, "django/contrib/redirects/apps.py", First;
    "django.contrib.redirects.models", false, "django/contrib/redirects/models.py", First;
    "django.contrib.sessions", true, "django/contrib/sessions/__init__.py", First;
    "django.contrib.sessions.base_session", false, "django/contrib/sessions/base_session.py", First;
    "django.contrib.sessions.models", false, "django/contrib/sessions/models.py", First;
    "django.contrib.sites", true, "django/contrib/sites/__init__.py", First;
    "django.contrib.sites.apps", false, "django/contrib/sites/apps.py", First;
    "django.contrib.sites.managers", false, "django/contrib/sites/managers.py", First;
    "django.contrib.sites.models", false, "django/contrib/sites/models.py", First;
    "django.core", true, "django/core/__init__.py", First;
    "django.core.exceptions", false, "django/core/exceptions.py", First;
    "django.core.validators", false, "django/core/validators.py", First;
    "django.db", true, "django/db/__init__.py", First;
    "django.db.models", true, "django/db/models/__init__.py", First;
    "django.db.models.aggregates", false, "django/db/models/aggregates.py", First;
    "django.db.models.base", false, "django/db/models/base.py", First;
    "django.db.models.constraints", false, "django/db/models/constraints.py", First;
    "django.db.models.deletion", false, "django/db/models/deletion.py", First;
    "django.db.models.enums", false, "django/db/models/enums.py", First;
    "django.db.models.expressions", false, "django/db/models/expressions.py", First;
    "django.db.models.fields", true, "django/db/models/fields/__init__.py", First;
    "django.db.models.fields.composite", false, "django/db/models/fields/composite.py", First;
    "django.db.models.fields.files", false, "django/db/models/fields/files.py", First;
    "django.db.models.fields.generated", false, "django/db/models/fields/generated.py", First;
    "django.db.models.fields.json", false, "django/db/models/fields/json.py", First;
    "django.db.models.fields.proxy", false, "django/db/models/fields/proxy.py", First;
    "django.db.models.fields.related", false, "django/db/models/fields/related.py", First;
    "django.db.models.functions", true, "django/db/models/functions/__init__.py", First;
    "django.db.models.functions.comparison", false, "django/db/models/functions/comparison.py", First;
    "django.db.models.functions.datetime", false, "django/db/models/functions/datetime.py", First;
    "django.db.models.functions.json", false, "django/db/models/functions/json.py", First;
    "django.db.models.functions.math", false, "django/db/models/functions/math.py", First;
    "django.db.models.functions.text", false, "django/db/models/functions/text.py", First;
    "django.db.models.functions.uuid", false, "django/db/models/functions/uuid.py", First;
    "django.db.models.functions.window", false, "django/db/models/functions/window.py", First;
    "django.db.models.indexes", false, "django/db/models/indexes.py", First;
    "django.db.models.lookups", false, "django/db/models/lookups.py", First;
    "django.db.models.manager", false, "django/db/models/manager.py", First;
    "django.db.models.options", false, "django/db/models/options.py", First;
    "django.db.models.query", false, "django/db/models/query.py", First;
    "django.db.models.query_utils", false, "django/db/models/query_utils.py", First;
    "django.db.models.signals", false, "django/db/models/signals.py", First;
    "django.db.utils", false, "django/db/utils.py", First;
    "django.utils", true, "django/utils/__init__.py", First;
    "django.utils.deconstruct", false, "django/utils/deconstruct.py", First;
    "django.utils.functional", false, "django/utils/functional.py", First;
    "django.utils.module_loading", false, "django/utils/module_loading.py", First;
    "django.utils.timezone", false, "django/utils/timezone.py", First;
    "django.utils.translation", false, "django/utils/translation.py", First;
    "enum", false, "enum.py", First;
    "functools", false, "functools.py", First;
    "importlib", true, "importlib/__init__.py", First;
    "importlib.metadata", false, "importlib/metadata.py", First;
    "itertools", false, "itertools.py", First;
    "mptt", true, "mptt/__init__.py", First;
    "mptt.fields", false, "mptt/fields.py", First;
    "mptt.managers", false, "mptt/managers.py", First;
    "mptt.models", false, "mptt/models.py", First;
    "mptt.querysets", false, "mptt/querysets.py", First;
    "operator", false, "operator.py", First;
    "os", true, "os/__init__.py", First;
    "os.path", false, "os/path.py", First;
    "pathlib", false, "pathlib.py", First;
    "string", false, "string.py", First;
    "sys", false, "sys.py", First;
    "typing", false, "typing.py", First;
    "warnings", false, "warnings.py", First;
};

#[cfg(test)]
mod tests {
    use super::DESCRIBED;

    #[test]
    fn descriptions_are_valid_python() {
        for module in DESCRIBED {
            assert!(!pgwright_python::has_syntax_errors(module.source), "{}", module.name);
        }
    }
}

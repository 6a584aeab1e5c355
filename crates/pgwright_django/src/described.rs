//! pgwright's own description of Django, of the parts of Python's library that settings use, and of libraries whose models need
//! more than static evaluation gives. Plain Python, evaluated like any other source; `described/` holds it.

use camino::Utf8Path;
use pgwright_diagnostics::DESCRIPTIONS;
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
    "allauth", true, "allauth/__init__.py", Fallback;
    "allauth.account", true, "allauth/account/__init__.py", Fallback;
    "allauth.account.apps", false, "allauth/account/apps.py", Fallback;
    "allauth.account.models", false, "allauth/account/models.py", Fallback;
    "allauth.mfa", true, "allauth/mfa/__init__.py", Fallback;
    "allauth.mfa.apps", false, "allauth/mfa/apps.py", Fallback;
    "allauth.mfa.models", false, "allauth/mfa/models.py", Fallback;
    "allauth.socialaccount", true, "allauth/socialaccount/__init__.py", Fallback;
    "allauth.socialaccount.apps", false, "allauth/socialaccount/apps.py", Fallback;
    "allauth.socialaccount.models", false, "allauth/socialaccount/models.py", Fallback;
    "allauth.usersessions", true, "allauth/usersessions/__init__.py", Fallback;
    "allauth.usersessions.apps", false, "allauth/usersessions/apps.py", Fallback;
    "allauth.usersessions.models", false, "allauth/usersessions/models.py", Fallback;
    "autoslug", true, "autoslug/__init__.py", Fallback;
    "autoslug.fields", false, "autoslug/fields.py", Fallback;
    "axes", true, "axes/__init__.py", Fallback;
    "axes.apps", false, "axes/apps.py", Fallback;
    "axes.models", false, "axes/models.py", Fallback;
    "ckeditor", true, "ckeditor/__init__.py", Fallback;
    "ckeditor.fields", false, "ckeditor/fields.py", Fallback;
    "ckeditor_uploader", true, "ckeditor_uploader/__init__.py", Fallback;
    "ckeditor_uploader.fields", false, "ckeditor_uploader/fields.py", Fallback;
    "collections", false, "collections.py", First;
    "colorfield", true, "colorfield/__init__.py", Fallback;
    "colorfield.fields", false, "colorfield/fields.py", Fallback;
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
    "django.contrib.auth.backends", false, "django/contrib/auth/backends.py", First;
    "django.contrib.auth.base_user", false, "django/contrib/auth/base_user.py", First;
    "django.contrib.auth.context_processors", false, "django/contrib/auth/context_processors.py", First;
    "django.contrib.auth.forms", false, "django/contrib/auth/forms.py", First;
    "django.contrib.auth.mixins", false, "django/contrib/auth/mixins.py", First;
    "django.contrib.auth.models", false, "django/contrib/auth/models.py", First;
    "django.contrib.auth.validators", false, "django/contrib/auth/validators.py", First;
    "django.contrib.auth.views", false, "django/contrib/auth/views.py", First;
    "django.contrib.contenttypes", true, "django/contrib/contenttypes/__init__.py", First;
    "django.contrib.contenttypes.apps", false, "django/contrib/contenttypes/apps.py", First;
    "django.contrib.contenttypes.fields", false, "django/contrib/contenttypes/fields.py", First;
    "django.contrib.contenttypes.models", false, "django/contrib/contenttypes/models.py", First;
    "django.contrib.flatpages", true, "django/contrib/flatpages/__init__.py", First;
    "django.contrib.flatpages.apps", false, "django/contrib/flatpages/apps.py", First;
    "django.contrib.flatpages.models", false, "django/contrib/flatpages/models.py", First;
    "django.contrib.postgres", true, "django/contrib/postgres/__init__.py", First;
    "django.contrib.postgres.aggregates", false, "django/contrib/postgres/aggregates.py", First;
    "django.contrib.postgres.constraints", false, "django/contrib/postgres/constraints.py", First;
    "django.contrib.postgres.expressions", false, "django/contrib/postgres/expressions.py", First;
    "django.contrib.postgres.fields", true, "django/contrib/postgres/fields/__init__.py", First;
    "django.contrib.postgres.fields.array", false, "django/contrib/postgres/fields/array.py", First;
    "django.contrib.postgres.fields.citext", false, "django/contrib/postgres/fields/citext.py", First;
    "django.contrib.postgres.fields.hstore", false, "django/contrib/postgres/fields/hstore.py", First;
    "django.contrib.postgres.fields.jsonb", false, "django/contrib/postgres/fields/jsonb.py", First;
    "django.contrib.postgres.fields.ranges", false, "django/contrib/postgres/fields/ranges.py", First;
    "django.contrib.postgres.functions", false, "django/contrib/postgres/functions.py", First;
    "django.contrib.postgres.indexes", false, "django/contrib/postgres/indexes.py", First;
    "django.contrib.postgres.lookups", false, "django/contrib/postgres/lookups.py", First;
    "django.contrib.postgres.operations", false, "django/contrib/postgres/operations.py", First;
    "django.contrib.postgres.search", false, "django/contrib/postgres/search.py", First;
    "django.contrib.postgres.validators", false, "django/contrib/postgres/validators.py", First;
    "django.contrib.redirects", true, "django/contrib/redirects/__init__.py", First;
    "django.contrib.redirects.apps", false, "django/contrib/redirects/apps.py", First;
    "django.contrib.redirects.models", false, "django/contrib/redirects/models.py", First;
    "django.contrib.sessions", true, "django/contrib/sessions/__init__.py", First;
    "django.contrib.sessions.backends", true, "django/contrib/sessions/backends/__init__.py", First;
    "django.contrib.sessions.backends.base", false, "django/contrib/sessions/backends/base.py", First;
    "django.contrib.sessions.backends.db", false, "django/contrib/sessions/backends/db.py", First;
    "django.contrib.sessions.base_session", false, "django/contrib/sessions/base_session.py", First;
    "django.contrib.sessions.models", false, "django/contrib/sessions/models.py", First;
    "django.contrib.sites", true, "django/contrib/sites/__init__.py", First;
    "django.contrib.sites.apps", false, "django/contrib/sites/apps.py", First;
    "django.contrib.sites.managers", false, "django/contrib/sites/managers.py", First;
    "django.contrib.sites.models", false, "django/contrib/sites/models.py", First;
    "django.contrib.sites.requests", false, "django/contrib/sites/requests.py", First;
    "django.contrib.sites.shortcuts", false, "django/contrib/sites/shortcuts.py", First;
    "django.core", true, "django/core/__init__.py", First;
    "django.core.cache", true, "django/core/cache/__init__.py", First;
    "django.core.exceptions", false, "django/core/exceptions.py", First;
    "django.core.handlers", true, "django/core/handlers/__init__.py", First;
    "django.core.handlers.base", false, "django/core/handlers/base.py", First;
    "django.core.paginator", false, "django/core/paginator.py", First;
    "django.core.validators", false, "django/core/validators.py", First;
    "django.db", true, "django/db/__init__.py", First;
    "django.db.migrations", true, "django/db/migrations/__init__.py", First;
    "django.db.migrations.migration", false, "django/db/migrations/migration.py", First;
    "django.db.migrations.operations", true, "django/db/migrations/operations/__init__.py", First;
    "django.db.migrations.operations.base", false, "django/db/migrations/operations/base.py", First;
    "django.db.migrations.operations.fields", false, "django/db/migrations/operations/fields.py", First;
    "django.db.migrations.operations.models", false, "django/db/migrations/operations/models.py", First;
    "django.db.migrations.operations.special", false, "django/db/migrations/operations/special.py", First;
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
    "django.db.transaction", false, "django/db/transaction.py", First;
    "django.db.utils", false, "django/db/utils.py", First;
    "django.dispatch", true, "django/dispatch/__init__.py", First;
    "django.dispatch.dispatcher", false, "django/dispatch/dispatcher.py", First;
    "django.forms", true, "django/forms/__init__.py", First;
    "django.forms.boundfield", false, "django/forms/boundfield.py", First;
    "django.forms.fields", false, "django/forms/fields.py", First;
    "django.forms.forms", false, "django/forms/forms.py", First;
    "django.forms.formsets", false, "django/forms/formsets.py", First;
    "django.forms.models", false, "django/forms/models.py", First;
    "django.http", true, "django/http/__init__.py", First;
    "django.http.request", false, "django/http/request.py", First;
    "django.http.response", false, "django/http/response.py", First;
    "django.shortcuts", false, "django/shortcuts.py", First;
    "django.tasks", true, "django/tasks/__init__.py", First;
    "django.template", true, "django/template/__init__.py", First;
    "django.template.base", false, "django/template/base.py", First;
    "django.template.context", false, "django/template/context.py", First;
    "django.template.context_processors", false, "django/template/context_processors.py", First;
    "django.template.defaultfilters", false, "django/template/defaultfilters.py", First;
    "django.template.engine", false, "django/template/engine.py", First;
    "django.template.exceptions", false, "django/template/exceptions.py", First;
    "django.template.library", false, "django/template/library.py", First;
    "django.template.loader", false, "django/template/loader.py", First;
    "django.template.response", false, "django/template/response.py", First;
    "django.urls", false, "django/urls.py", First;
    "django.utils", true, "django/utils/__init__.py", First;
    "django.utils.deconstruct", false, "django/utils/deconstruct.py", First;
    "django.utils.decorators", false, "django/utils/decorators.py", First;
    "django.utils.deprecation", false, "django/utils/deprecation.py", First;
    "django.utils.functional", false, "django/utils/functional.py", First;
    "django.utils.module_loading", false, "django/utils/module_loading.py", First;
    "django.utils.timezone", false, "django/utils/timezone.py", First;
    "django.utils.translation", false, "django/utils/translation.py", First;
    "django.views", true, "django/views/__init__.py", First;
    "django.views.generic", true, "django/views/generic/__init__.py", First;
    "django.views.generic.base", false, "django/views/generic/base.py", First;
    "django.views.generic.dates", false, "django/views/generic/dates.py", First;
    "django.views.generic.detail", false, "django/views/generic/detail.py", First;
    "django.views.generic.edit", false, "django/views/generic/edit.py", First;
    "django.views.generic.list", false, "django/views/generic/list.py", First;
    "django_celery_beat", true, "django_celery_beat/__init__.py", Fallback;
    "django_celery_beat.apps", false, "django_celery_beat/apps.py", Fallback;
    "django_celery_beat.models", false, "django_celery_beat/models.py", Fallback;
    "django_celery_results", true, "django_celery_results/__init__.py", Fallback;
    "django_celery_results.apps", false, "django_celery_results/apps.py", Fallback;
    "django_celery_results.models", false, "django_celery_results/models.py", Fallback;
    "django_ckeditor_5", true, "django_ckeditor_5/__init__.py", Fallback;
    "django_ckeditor_5.fields", false, "django_ckeditor_5/fields.py", Fallback;
    "django_countries", true, "django_countries/__init__.py", Fallback;
    "django_countries.fields", false, "django_countries/fields.py", Fallback;
    "django_extensions", true, "django_extensions/__init__.py", Fallback;
    "django_extensions.db", true, "django_extensions/db/__init__.py", Fallback;
    "django_extensions.db.fields", true, "django_extensions/db/fields/__init__.py", Fallback;
    "django_extensions.db.fields.json", false, "django_extensions/db/fields/json.py", Fallback;
    "django_extensions.db.models", false, "django_extensions/db/models.py", Fallback;
    "django_filters.filters", false, "django_filters/filters.py", First;
    "django_filters.filterset", false, "django_filters/filterset.py", First;
    "django_filters.rest_framework.backends", false, "django_filters/rest_framework/backends.py", First;
    "django_lifecycle", true, "django_lifecycle/__init__.py", Fallback;
    "django_lifecycle.decorators", false, "django_lifecycle/decorators.py", Fallback;
    "django_lifecycle.hooks", false, "django_lifecycle/hooks.py", Fallback;
    "django_lifecycle.mixins", false, "django_lifecycle/mixins.py", Fallback;
    "django_lifecycle.models", false, "django_lifecycle/models.py", Fallback;
    "django_otp", true, "django_otp/__init__.py", Fallback;
    "django_otp.models", false, "django_otp/models.py", Fallback;
    "django_otp.plugins", true, "django_otp/plugins/__init__.py", Fallback;
    "django_otp.plugins.otp_email", true, "django_otp/plugins/otp_email/__init__.py", Fallback;
    "django_otp.plugins.otp_email.apps", false, "django_otp/plugins/otp_email/apps.py", Fallback;
    "django_otp.plugins.otp_email.models", false, "django_otp/plugins/otp_email/models.py", Fallback;
    "django_otp.plugins.otp_hotp", true, "django_otp/plugins/otp_hotp/__init__.py", Fallback;
    "django_otp.plugins.otp_hotp.apps", false, "django_otp/plugins/otp_hotp/apps.py", Fallback;
    "django_otp.plugins.otp_hotp.models", false, "django_otp/plugins/otp_hotp/models.py", Fallback;
    "django_otp.plugins.otp_static", true, "django_otp/plugins/otp_static/__init__.py", Fallback;
    "django_otp.plugins.otp_static.apps", false, "django_otp/plugins/otp_static/apps.py", Fallback;
    "django_otp.plugins.otp_static.models", false, "django_otp/plugins/otp_static/models.py", Fallback;
    "django_otp.plugins.otp_totp", true, "django_otp/plugins/otp_totp/__init__.py", Fallback;
    "django_otp.plugins.otp_totp.apps", false, "django_otp/plugins/otp_totp/apps.py", Fallback;
    "django_otp.plugins.otp_totp.models", false, "django_otp/plugins/otp_totp/models.py", Fallback;
    "django_scopes", true, "django_scopes/__init__.py", Fallback;
    "django_scopes.manager", false, "django_scopes/manager.py", First;
    "django_scopes.state", false, "django_scopes/state.py", First;
    "django_summernote", true, "django_summernote/__init__.py", Fallback;
    "django_summernote.apps", false, "django_summernote/apps.py", Fallback;
    "django_summernote.fields", false, "django_summernote/fields.py", Fallback;
    "django_summernote.models", false, "django_summernote/models.py", Fallback;
    "django_summernote.utils", false, "django_summernote/utils.py", Fallback;
    "django_tasks", true, "django_tasks/__init__.py", First;
    "djmoney", true, "djmoney/__init__.py", Fallback;
    "djmoney.apps", false, "djmoney/apps.py", Fallback;
    "djmoney.models", true, "djmoney/models/__init__.py", Fallback;
    "djmoney.models.fields", false, "djmoney/models/fields.py", Fallback;
    "djmoney.models.managers", false, "djmoney/models/managers.py", Fallback;
    "djmoney.models.validators", false, "djmoney/models/validators.py", Fallback;
    "easy_thumbnails", true, "easy_thumbnails/__init__.py", Fallback;
    "easy_thumbnails.apps", false, "easy_thumbnails/apps.py", Fallback;
    "easy_thumbnails.fields", false, "easy_thumbnails/fields.py", Fallback;
    "easy_thumbnails.models", false, "easy_thumbnails/models.py", Fallback;
    "encrypted_model_fields", true, "encrypted_model_fields/__init__.py", Fallback;
    "encrypted_model_fields.fields", false, "encrypted_model_fields/fields.py", Fallback;
    "enum", false, "enum.py", First;
    "fernet_fields", true, "fernet_fields/__init__.py", Fallback;
    "fernet_fields.fields", false, "fernet_fields/fields.py", Fallback;
    "functools", false, "functools.py", First;
    "guardian", true, "guardian/__init__.py", Fallback;
    "guardian.apps", false, "guardian/apps.py", Fallback;
    "guardian.models", true, "guardian/models/__init__.py", Fallback;
    "guardian.models.models", false, "guardian/models/models.py", Fallback;
    "imagekit", true, "imagekit/__init__.py", Fallback;
    "imagekit.models", true, "imagekit/models/__init__.py", Fallback;
    "imagekit.models.fields", true, "imagekit/models/fields/__init__.py", Fallback;
    "importlib", true, "importlib/__init__.py", First;
    "importlib.metadata", false, "importlib/metadata.py", First;
    "itertools", false, "itertools.py", First;
    "jsonfield", true, "jsonfield/__init__.py", Fallback;
    "jsonfield.fields", false, "jsonfield/fields.py", Fallback;
    "model_utils", true, "model_utils/__init__.py", Fallback;
    "model_utils.choices", false, "model_utils/choices.py", Fallback;
    "model_utils.fields", false, "model_utils/fields.py", Fallback;
    "model_utils.managers", false, "model_utils/managers.py", Fallback;
    "model_utils.models", false, "model_utils/models.py", Fallback;
    "model_utils.tracker", false, "model_utils/tracker.py", Fallback;
    "modelcluster", true, "modelcluster/__init__.py", Fallback;
    "modelcluster.fields", false, "modelcluster/fields.py", Fallback;
    "modelcluster.models", false, "modelcluster/models.py", Fallback;
    "mptt", true, "mptt/__init__.py", First;
    "mptt.fields", false, "mptt/fields.py", First;
    "mptt.managers", false, "mptt/managers.py", First;
    "mptt.models", false, "mptt/models.py", First;
    "mptt.querysets", false, "mptt/querysets.py", First;
    "oauth2_provider", true, "oauth2_provider/__init__.py", Fallback;
    "oauth2_provider.apps", false, "oauth2_provider/apps.py", Fallback;
    "oauth2_provider.generators", false, "oauth2_provider/generators.py", Fallback;
    "oauth2_provider.models", false, "oauth2_provider/models.py", Fallback;
    "operator", false, "operator.py", First;
    "ordered_model", true, "ordered_model/__init__.py", Fallback;
    "ordered_model.models", false, "ordered_model/models.py", Fallback;
    "os", true, "os/__init__.py", First;
    "os.path", false, "os/path.py", First;
    "pathlib", false, "pathlib.py", First;
    "phonenumber_field", true, "phonenumber_field/__init__.py", Fallback;
    "phonenumber_field.modelfields", false, "phonenumber_field/modelfields.py", Fallback;
    "phonenumber_field.validators", false, "phonenumber_field/validators.py", Fallback;
    "polymorphic", true, "polymorphic/__init__.py", Fallback;
    "polymorphic.base", false, "polymorphic/base.py", Fallback;
    "polymorphic.managers", false, "polymorphic/managers.py", Fallback;
    "polymorphic.models", false, "polymorphic/models.py", Fallback;
    "polymorphic.query", false, "polymorphic/query.py", Fallback;
    "polymorphic.showfields", false, "polymorphic/showfields.py", Fallback;
    "rest_framework", true, "rest_framework/__init__.py", Fallback;
    "rest_framework.authtoken", true, "rest_framework/authtoken/__init__.py", Fallback;
    "rest_framework.authtoken.apps", false, "rest_framework/authtoken/apps.py", Fallback;
    "rest_framework.authtoken.models", false, "rest_framework/authtoken/models.py", Fallback;
    "rest_framework.fields", false, "rest_framework/fields.py", First;
    "rest_framework.filters", false, "rest_framework/filters.py", First;
    "rest_framework.generics", false, "rest_framework/generics.py", First;
    "rest_framework.mixins", false, "rest_framework/mixins.py", First;
    "rest_framework.relations", false, "rest_framework/relations.py", First;
    "rest_framework.request", false, "rest_framework/request.py", First;
    "rest_framework.response", false, "rest_framework/response.py", First;
    "rest_framework.serializers", false, "rest_framework/serializers.py", First;
    "rest_framework.validators", false, "rest_framework/validators.py", First;
    "rest_framework.views", false, "rest_framework/views.py", First;
    "rest_framework.viewsets", false, "rest_framework/viewsets.py", First;
    "rest_framework_simplejwt", true, "rest_framework_simplejwt/__init__.py", Fallback;
    "rest_framework_simplejwt.token_blacklist", true, "rest_framework_simplejwt/token_blacklist/__init__.py", Fallback;
    "rest_framework_simplejwt.token_blacklist.apps", false, "rest_framework_simplejwt/token_blacklist/apps.py", Fallback;
    "rest_framework_simplejwt.token_blacklist.models", false, "rest_framework_simplejwt/token_blacklist/models.py", Fallback;
    "reversion", true, "reversion/__init__.py", Fallback;
    "reversion.apps", false, "reversion/apps.py", Fallback;
    "reversion.models", false, "reversion/models.py", Fallback;
    "simple_history", true, "simple_history/__init__.py", Fallback;
    "simple_history.manager", false, "simple_history/manager.py", Fallback;
    "simple_history.models", false, "simple_history/models.py", Fallback;
    "solo", true, "solo/__init__.py", Fallback;
    "solo.models", false, "solo/models.py", Fallback;
    "sorl", true, "sorl/__init__.py", Fallback;
    "sorl.thumbnail", true, "sorl/thumbnail/__init__.py", Fallback;
    "sorl.thumbnail.fields", false, "sorl/thumbnail/fields.py", Fallback;
    "sorl.thumbnail.models", false, "sorl/thumbnail/models.py", Fallback;
    "sortedm2m", true, "sortedm2m/__init__.py", Fallback;
    "sortedm2m.fields", false, "sortedm2m/fields.py", Fallback;
    "string", false, "string.py", First;
    "sys", false, "sys.py", First;
    "taggit", true, "taggit/__init__.py", Fallback;
    "taggit.apps", false, "taggit/apps.py", Fallback;
    "taggit.managers", false, "taggit/managers.py", Fallback;
    "taggit.models", false, "taggit/models.py", Fallback;
    "timezone_field", true, "timezone_field/__init__.py", Fallback;
    "timezone_field.fields", false, "timezone_field/fields.py", Fallback;
    "tinymce", true, "tinymce/__init__.py", Fallback;
    "tinymce.models", false, "tinymce/models.py", Fallback;
    "treebeard", true, "treebeard/__init__.py", Fallback;
    "treebeard.al_tree", false, "treebeard/al_tree.py", Fallback;
    "treebeard.models", false, "treebeard/models.py", Fallback;
    "treebeard.mp_tree", false, "treebeard/mp_tree.py", Fallback;
    "treebeard.ns_tree", false, "treebeard/ns_tree.py", Fallback;
    "typing", false, "typing.py", First;
    "waffle", true, "waffle/__init__.py", Fallback;
    "waffle.apps", false, "waffle/apps.py", Fallback;
    "waffle.models", false, "waffle/models.py", Fallback;
    "warnings", false, "warnings.py", First;
};

/// The text of a description by the path it is read under; none where that is the path of a file.
pub fn description(path: &Utf8Path) -> Option<&'static str> {
    let name = path.strip_prefix(DESCRIPTIONS).ok()?.as_str().strip_suffix(".py")?.replace('/', ".");
    DESCRIBED.iter().find(|module| module.name == name).map(|module| module.source)
}

#[cfg(test)]
mod tests {
    use super::DESCRIBED;

    #[test]
    fn descriptions_are_valid_python() {
        for module in DESCRIBED {
            assert!(!pgwright_python::has_syntax_errors(module.source), "{}", module.name);
        }
    }

    #[test]
    fn every_description_is_listed_once_and_in_order() {
        let names: Vec<&str> = DESCRIBED.iter().map(|module| module.name).collect();
        assert!(names.is_sorted_by(|left, right| left < right));
        let root = camino::Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/described"));
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir_utf8().into_iter().flatten().flatten() {
                let path = entry.into_path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension() == Some("py") {
                    let name = pgwright_python::modules::module_name(root, &path).unwrap_or_default();
                    let is_package = path.file_name() == Some("__init__.py");
                    let listed = DESCRIBED.iter().find(|module| module.name == name);
                    assert_eq!(listed.map(|module| module.is_package), Some(is_package), "{path}");
                }
            }
        }
    }
}

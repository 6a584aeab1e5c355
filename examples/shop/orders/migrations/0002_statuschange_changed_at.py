from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Hazard: nobody can write to the table while the index is built.
        migrations.AddIndex(
            model_name='statuschange',
            index=models.Index(fields=['changed_at'], name='statuschange_changed_at'),
        ),
    ]

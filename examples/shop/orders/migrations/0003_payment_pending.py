from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY runs outside of a transaction only.
    atomic = False

    dependencies = [
        ('orders', '0002_statuschange_changed_at'),
    ]

    operations = [
        # Right: built while others go on writing.
        AddIndexConcurrently(
            model_name='payment',
            index=models.Index(condition=models.Q(('status', 'pending')), fields=['order'], name='payment_pending'),
        ),
    ]

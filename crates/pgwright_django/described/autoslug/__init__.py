from autoslug.fields import AutoSlugField

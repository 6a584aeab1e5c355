from sorl.thumbnail.fields import ImageField

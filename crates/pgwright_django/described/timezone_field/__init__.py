from timezone_field.fields import TimeZoneField

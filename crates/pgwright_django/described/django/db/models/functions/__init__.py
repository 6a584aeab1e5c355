from django.db.models.functions.comparison import Cast, Coalesce, Collate, Greatest, JSONObject, Least, NullIf
from django.db.models.functions.datetime import Extract, ExtractDay, ExtractHour, ExtractIsoWeekDay, ExtractIsoYear, ExtractMinute, ExtractMonth, ExtractQuarter, ExtractSecond, ExtractWeek, ExtractWeekDay, ExtractYear, Now, Trunc, TruncDate, TruncDay, TruncHour, TruncMinute, TruncMonth, TruncQuarter, TruncSecond, TruncTime, TruncWeek, TruncYear
from django.db.models.functions.json import JSONArray
from django.db.models.functions.math import Abs, ACos, ASin, ATan, ATan2, Ceil, Cos, Cot, Degrees, Exp, Floor, Ln, Log, Mod, Pi, Power, Radians, Random, Round, Sign, Sin, Sqrt, Tan
from django.db.models.functions.text import Chr, Concat, ConcatPair, Left, Length, Lower, LPad, LTrim, MD5, Ord, Repeat, Replace, Reverse, Right, RPad, RTrim, SHA1, SHA224, SHA256, SHA384, SHA512, StrIndex, Substr, Trim, Upper
from django.db.models.functions.uuid import UUID4, UUID7
from django.db.models.functions.window import CumeDist, DenseRank, FirstValue, Lag, LastValue, Lead, NthValue, Ntile, PercentRank, Rank, RowNumber

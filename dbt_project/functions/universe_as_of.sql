select *
from {{ function('security_versions_as_of') }}(known_at)
where
    is_current
    and valid_from <= day
    and (valid_to is null or valid_to > day)

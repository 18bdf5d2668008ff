select *
from {{ function('security_versions_as_of') }}(known_at)
where is_current

{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[
            {'columns': ['security_key', 'trading_date'], 'unique': true},
            {'columns': ['is_final', 'session_number']},
            {'columns': ['_updated_at']},
        ],
    )
}}

-- Forward returns look ahead on purpose: join a row only to what was known by the close of its trading date.

{%- set only_updates = reads_only_updates([
    ref('int_article_securities__matched'), ref('int_articles__deduplicated'), ref('int_bars__sequenced')
]) %}
{%- set key = ['security_key', 'trading_date'] %}
{%- set dates = ['published_effective_session_date', 'effective_session_date'] %}
{%- set spans = [1, 5, 20] %}

with newest as (
    select max(session_number) as session_number from {{ ref('int_bars__sequenced') }}
    where bar_number is not null and not is_deleted
),

{% if only_updates -%}
updated_articles as (
    select article_key from {{ ref('int_articles__deduplicated') }}
    where {{ is_updated() }}
),

updated_mentions as (
    select
        security_key,
        effective_session_date,
        published_effective_session_date
    from {{ ref('int_article_securities__matched') }}
    where {{ is_updated() }}
    union
    -- The score of an article counts where its mention has none.
    select
        security_key,
        effective_session_date,
        published_effective_session_date
    from {{ ref('int_article_securities__matched') }}
    where {{ in_array('article_key', 'select updated_articles.article_key from updated_articles') }}
),

updated_bars as (
    select
        security_key,
        min(trading_date) as first_date,
        max(trading_date) as last_date
    from {{ ref('int_bars__sequenced') }}
    where {{ is_updated() }}
    group by security_key
),

changed as (
    {%- for date in dates %}
    select
        security_key,
        {{ date }} as trading_date
    from updated_mentions
    where {{ date }} is not null
    union
    {%- endfor %}
    -- The 20 sessions that a return reaches over take less than 60 days.
    select
        built.security_key,
        built.trading_date
    from updated_bars
    {{ lateral_join(
        this, 'built',
        'not built.is_deleted and built.security_key = updated_bars.security_key'
        ~ ' and built.trading_date <= updated_bars.last_date and built.trading_date > ' ~ dbt.dateadd('day', -60, 'updated_bars.first_date')
    ) }}
    union
    -- Sessions are still to come, or are again: the newest can have lost its bars.
    select
        security_key,
        trading_date
    from {{ this }}
    where not is_final and not is_deleted
    union
    select
        security_key,
        trading_date
    from {{ this }}
    where
        is_final
        and session_number > (select newest.session_number - 20 from newest)
        and not is_deleted
),

built as (
    select built.*
    from changed
    {{ lateral_join(this, 'built', is_same('built', 'changed', key)) }}
),

{% endif -%}
articles as (
    select * from {{ ref('int_articles__deduplicated') }}
    where not is_deleted
),

mentions as (
    {%- for date in dates %}
    {% if only_updates -%}
    select
        mentions.article_key,
        mentions.security_key,
        mentions.{{ date }} as trading_date,
        mentions.sentiment_score,
        cast({{ date == 'effective_session_date' }} as boolean) as is_by_knowledge
    from changed
    {{ lateral_join(
        ref('int_article_securities__matched'), 'mentions',
        'mentions.security_key = changed.security_key and mentions.' ~ date ~ ' = changed.trading_date'
    ) }}
    where not mentions.is_deleted
    {%- else -%}
    select
        article_key,
        security_key,
        {{ date }} as trading_date,
        sentiment_score,
        cast({{ date == 'effective_session_date' }} as boolean) as is_by_knowledge
    from {{ ref('int_article_securities__matched') }}
    where {{ date }} is not null and not is_deleted
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

scored as (
    select
        mentions.security_key,
        mentions.trading_date,
        mentions.is_by_knowledge,
        coalesce(mentions.sentiment_score, articles.sentiment_score) as sentiment_score
    from mentions
    {% if only_updates -%}
    {{ lateral_join('articles', 'articles', 'articles.article_key = mentions.article_key', kind='left') }}
    {%- else -%}
    left join articles on mentions.article_key = articles.article_key
    {%- endif %}
),

counted as (
    select
        security_key,
        trading_date,
        count(case when not is_by_knowledge then 1 end) as article_count,
        {{ exact_average('case when not is_by_knowledge then sentiment_score end') }} as mean_sentiment_score,
        count(case when is_by_knowledge then 1 end) as known_article_count,
        {{ exact_average('case when is_by_knowledge then sentiment_score end') }} as known_mean_sentiment_score
    from scored
    group by security_key, trading_date
),

-- A security that stops trading within a span is sold at its last close, as in the mean of the market.
closes as (
    select
        counted.*,
        bars.session_number,
        bars.previous_session_number,
        bars.previous_adjusted_close_price,
        bars.close_price * bars.split_factor as adjusted_close_price,
        {%- for count in spans %}
        bars_{{ count }}.session_number as session_number_{{ count }},
        bars_{{ count }}.close_price * bars_{{ count }}.split_factor as adjusted_close_price_{{ count }},
        {%- endfor %}
        newest.session_number as newest_session_number
    from counted
    cross join newest
    {{ lateral_join(
        ref('int_bars__sequenced'), 'bars',
        is_same('bars', 'counted', key) ~ ' and bars.bar_number is not null and not bars.is_deleted', kind='left'
    ) }}
    {%- for count in spans %}
    {%- set last = 'bars_' ~ count %}
    {{ lateral_join(
        ref('int_bars__sequenced'), last,
        is_same(last, 'bars', ['security_key']) ~ ' and not ' ~ last ~ '.is_deleted'
        ~ ' and ' ~ last ~ '.bar_number between bars.bar_number and bars.bar_number + ' ~ count
        ~ ' and ' ~ last ~ '.session_number <= bars.session_number + ' ~ count,
        kind='left', order_by='bar_number desc', limit=1
    ) }}
    {%- endfor %}
),

measured as (
    select
        security_key,
        trading_date,
        cast(article_count as {{ dbt.type_int() }}) as article_count,
        mean_sentiment_score,
        cast(known_article_count as {{ dbt.type_int() }}) as known_article_count,
        known_mean_sentiment_score,
        session_number,
        case
            when session_number - previous_session_number = 1
                then adjusted_close_price / previous_adjusted_close_price - 1
        end as return_0,
        {%- for count in spans %}
        case
            when
                session_number + {{ count }} <= newest_session_number
                and session_number_{{ count }} > session_number
                then adjusted_close_price_{{ count }} / adjusted_close_price - 1
        end as return_{{ count }},
        {%- endfor %}
        session_number_20 - session_number as last_session_offset,
        session_number + 20 <= newest_session_number as is_final
    from closes
)

{{ changed_rows('measured', key=key, built='built' if only_updates else none) }}

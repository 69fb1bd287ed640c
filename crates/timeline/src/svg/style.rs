//! How an SVG looks: in colour and without, on light and on dark pages.

/// Each kind of bar has a shape or pattern of its own. Not every program that
/// reads SVG knows variables, therefore a colour that changes is said twice.
pub(super) const STYLE: &str = r#"
.timeline{color:#1b1c1e;font:11px system-ui,"Noto Sans","Noto Sans CJK SC","Source Han Sans SC","PingFang SC","Microsoft YaHei","WenQuanYi Zen Hei",sans-serif}
.timeline text{fill:currentColor}
.timeline .paper{fill:#fff}
.timeline .band{fill:#f0f2f4}
.timeline .title{font-size:15px;font-weight:bold}
.timeline .name{font-size:12px;font-weight:bold}
.timeline .out{font:12px ui-monospace,"Noto Sans Mono","DejaVu Sans Mono",Menlo,Consolas,"Noto Sans Mono CJK SC","Source Han Mono SC","PingFang SC","Microsoft YaHei","WenQuanYi Zen Hei Mono",monospace}
.timeline .time{text-anchor:end}
.timeline .quiet{fill:#5d6066}
.timeline .label{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}
.timeline .rule{fill:none;stroke:#c3c6cb}
.timeline .leader{fill:none;stroke:#8b8f96;stroke-dasharray:1 3}
.timeline .run{fill:none;stroke:#1d4f91;stroke-width:9}
.timeline .pause{fill:none;stroke:#1d4f91;stroke-width:1.5}
.timeline .gone{fill:none;stroke:#5d6066;stroke-width:1.5;stroke-dasharray:1.5 3}
.timeline .block{fill:url(#timeline-hatch);stroke:#a03d00}
.timeline .hatch{stroke:#a03d00;stroke-width:1.6}
.timeline .sleep{fill:url(#timeline-dots);stroke:#5d6066}
.timeline .dot{fill:#5d6066}
.timeline .halo{fill:none;stroke:#fff;stroke-width:4}
.timeline .arrow{fill:none;stroke:currentColor;stroke-width:1.3}
.timeline .head{fill:currentColor;stroke:currentColor}
.timeline .join{stroke-dasharray:4 3}
.timeline .open{fill:#fff;stroke:currentColor;stroke-width:1.2}
.timeline .cap{fill:none;stroke:currentColor;stroke-width:2.5}
@media screen and (prefers-color-scheme:dark){
.timeline{color:#e7e8ea}
.timeline .paper,.timeline .open{fill:#17191c}
.timeline .band{fill:#25282d}
.timeline .quiet,.timeline .dot{fill:#a9adb4}
.timeline .label,.timeline .halo{stroke:#17191c}
.timeline .rule{stroke:#474b52}
.timeline .leader{stroke:#80858d}
.timeline .run,.timeline .pause{stroke:#7db1f5}
.timeline .gone,.timeline .sleep{stroke:#a9adb4}
.timeline .block,.timeline .hatch{stroke:#f0a064}
}
"#;

pub(super) const PATTERNS: &str = r#"<defs>
<pattern id="timeline-hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M1 0V5"/></pattern>
<pattern id="timeline-dots" width="5" height="5" patternUnits="userSpaceOnUse"><circle class="dot" cx="2.5" cy="2.5" r=".8"/></pattern>
</defs>
"#;

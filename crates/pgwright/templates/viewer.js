"use strict";
{
  const { plan, sql } = JSON.parse(document.getElementById("data").textContent);
  const source = JSON.stringify(plan, null, 2);
  Vue.createApp({ render: () => Vue.h(pev2.Plan, { planSource: source, planQuery: sql }) }).mount("#app");
}

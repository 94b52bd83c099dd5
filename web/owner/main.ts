// Starts the owner's page.
import '$shared/design/tokens.css';
import '$shared/design/phone.css';
import '$shared/design/base.css';
import { mount } from 'svelte';
import { keepForOffline } from './offline';
import Owner from './Owner.svelte';

mount(Owner, { target: document.querySelector('#page') ?? document.body });
keepForOffline();
